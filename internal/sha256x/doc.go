// Package sha256x computes SHA-256 (FIPS 180-4) over several independent
// messages at once: the leaves of a Merkle tree, a level of its interior nodes,
// many small files, the segments between known chaining values.
//
// Every function gives what crypto/sha256 gives; no result depends on the
// processor. What depends on it is the speed, for the following reason.
//
// # Latency and throughput
//
// SHA-256 is a chain: each block needs the state after the block before. On a
// processor with the SHA extensions (Intel SDM volume 2, SHA256RNDS2) a block is
// a chain of 32 such instructions. On Zen 4 each takes 4 cycles, 128 cycles for
// 64 bytes, which at 3.7 GHz is 1.85 GB/s. crypto/sha256 reaches 1.83: one
// message cannot be hashed any faster. But the same unit can start an instruction
// of another chain in each cycle, so that one message leaves three quarters of it
// idle. Two things fit into the gaps:
//
//   - Other messages. [Fold], [SumMany] and [SumFixed] run four chains in turn;
//     four states leave no registers for more.
//   - Another chain over the same message. [FoldWithLeaves] expands the message
//     schedule once and feeds it to the chain over all bytes and to the chain over
//     the current leaf; the second one is hidden behind the latency of the first.
//
// Without the SHA extensions the rounds are written out in 32-bit operations, and
// a vector instruction does each of them for eight (AVX2) or sixteen (AVX-512)
// messages at once.
//
// # Figures
//
// Measured by the benchmarks of this package with Go 1.26.8 on one core of an AMD
// EPYC of the Zen 4 generation (virtual, shared, near 3.7 GHz), the fastest of
// 3000 samples (500 without the SHA extensions), the baseline interleaved:
//
//	                                    GB/s         of crypto/sha256
//	crypto/sha256                       1.78–1.83    1
//	one lane                            1.81–1.83    0.99–1.00
//	flat chain and leaves of 4 KiB      1.77–1.80    0.99
//	sha-ni-x2, leaves of 64 KiB         3.46–3.63    1.92–1.99
//	sha-ni-x4, leaves of 64 KiB         4.14–4.38    2.33–2.39
//	avx512-x16, leaves of 64 KiB        3.76–3.78    2.07–2.10
//
//	without the SHA extensions (GODEBUG=cpu.sha=off for the baseline):
//	crypto/sha256 on AVX2               0.47–0.48    1
//	avx2-x8, leaves of 64 KiB           1.82         3.77
//	avx512-x16, leaves of 64 KiB        3.44         7.35
//
//	RFC 6962 interior node, SumFixed    41–43 ns     3.1–3.2 (crypto/sha256: 131–136 ns)
//
// On a busy host there were spells in which sha-ni-x4 fell to 1.9–2.0 times
// crypto/sha256 while crypto/sha256 itself kept its speed, as one expects if a
// neighbour on the same core takes some of what one chain leaves idle.
//
// # Choice of the kernel
//
// The first use asks CPUID and XCR0 what the processor has and the operating
// system preserves, tries each kernel that qualifies for about 100 microseconds,
// and keeps the fastest for the life of the process. [Implementation] names it.
//
// On other architectures than amd64, in FIPS 140-3 mode (crypto/fips140) and with
// the build tag purego, everything is hashed by crypto/sha256, lane after lane,
// with chaining values restored through its encoding.BinaryUnmarshaler. The tag
// purego makes crypto/sha256 itself do without assembly. So that one long message
// is never slower than the standard library, it goes through the SHA extensions
// on its own or through crypto/sha256, whichever kernel is in use.
//
// Assembly is called for at most 64 KiB of each lane at a time, because the
// scheduler cannot preempt it. It is written by the generator in _asm, which is a
// module of its own:
//
//	go generate ./internal/sha256x
package sha256x
