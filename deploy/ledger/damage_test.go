package ledger_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"slices"
	"testing"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/deploy/ledger"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"
)

// A span is where one entry stands.
type span struct {
	file       string
	start, end int
}

const headerSize, frameSize = 20, 48

// spans returns where each entry of an intact ledger stands.
func spans(d *memDir) []span {
	var out []span
	for _, name := range d.segments() {
		data := d.get(name)
		for at := headerSize; at < len(data); {
			end := at + frameSize + int(binary.BigEndian.Uint32(data[at:]))
			out = append(out, span{name, at, end})
			at = end
		}
	}
	return out
}

// firstBad returns the first entry that a byte of a file belongs to; a header
// belongs to the segment's first entry.
func firstBad(list []span, file string, at int) uint64 {
	for i, s := range list {
		if s.file == file && at < s.end {
			return uint64(i)
		}
	}
	return uint64(len(list))
}

// refusedAt demands that reading and opening refuse and name the entry, with the
// first code if one is given.
func refusedAt(t *testing.T, d *memDir, index uint64, code ...attest.Code) {
	t.Helper()
	_, err := read(t.Context(), d)
	for _, c := range code {
		requireCode(t, err, c)
	}
	var damage *ledger.DamageError
	require.ErrorAs(t, err, &damage)
	require.Equal(t, index, damage.Index, "%v", err)
	require.NotEmpty(t, attest.Reasons(err))
	before := d.clone()
	_, err = ledger.Open(t.Context(), config(d))
	require.ErrorAs(t, err, &damage)
	require.Equal(t, index, damage.Index, "%v", err)
	for name := range before.names {
		require.Equal(t, before.get(name), d.get(name), "a refused ledger is not touched")
	}
}

func TestEveryFlippedBitIsDetectedAndItsEntryNamed(t *testing.T) {
	good := filled(t, 8)
	list := spans(good)
	require.Len(t, list, 8)
	require.Greater(t, len(good.segments()), 1)
	for _, name := range good.segments() {
		for at := range good.get(name) {
			want := firstBad(list, name, at)
			for bit := range 8 {
				good.names[name].data[at] ^= 1 << bit
				_, err := read(t.Context(), good)
				good.names[name].data[at] ^= 1 << bit
				var damage *ledger.DamageError
				require.ErrorAs(t, err, &damage, "%s byte %d bit %d", name, at, bit)
				require.Equal(t, want, damage.Index, "%s byte %d bit %d: %v", name, at, bit, err)
			}
		}
	}
	_, err := read(t.Context(), good)
	require.NoError(t, err)
}

func TestAWriterRefusesEveryFlippedByteToo(t *testing.T) {
	good := filled(t, 6)
	list := spans(good)
	for _, name := range good.segments() {
		for at := range good.get(name) {
			bad := good.clone()
			bad.names[name].data[at] ^= 0xff
			refusedAt(t, bad, firstBad(list, name, at))
		}
	}
}

// rebuilt returns the ledger with the frames of all its entries given anew, in
// segments as before where that makes sense: everything in the first.
func rebuilt(good *memDir, frames [][]byte) *memDir {
	bad := good.clone()
	for i, name := range good.segments() {
		if i > 0 {
			delete(bad.names, name)
		}
	}
	first := good.segments()[0]
	bad.put(first, append(bytes.Clone(good.get(first)[:headerSize]), bytes.Join(frames, nil)...))
	return bad
}

func frames(d *memDir) [][]byte {
	var out [][]byte
	for _, s := range spans(d) {
		out = append(out, bytes.Clone(d.get(s.file)[s.start:s.end]))
	}
	return out
}

func TestEveryMovedEntryIsDetectedAndTheFirstNamed(t *testing.T) {
	const n = 8
	good := filled(t, n)
	all := frames(good)
	_, err := read(t.Context(), rebuilt(good, all))
	require.NoError(t, err, "the same entries in one segment")
	for i := range n {
		index := uint64(i)
		t.Run("dropped", func(t *testing.T) {
			code := ledger.CodeFrameIndex
			if i == n-1 {
				code = ledger.CodeShort
			}
			refusedAt(t, rebuilt(good, slices.Delete(slices.Clone(all), i, i+1)), index, code)
		})
		t.Run("repeated", func(t *testing.T) {
			if i < n-1 {
				refusedAt(t, rebuilt(good, slices.Insert(slices.Clone(all), i, all[i])), index+1, ledger.CodeFrameIndex)
			}
		})
		t.Run("inserted", func(t *testing.T) {
			refusedAt(t, rebuilt(good, slices.Insert(slices.Clone(all), i, all[(i+3)%n])), index)
		})
		t.Run("swapped", func(t *testing.T) {
			for j := i + 1; j < n; j++ {
				swapped := slices.Clone(all)
				swapped[i], swapped[j] = swapped[j], swapped[i]
				refusedAt(t, rebuilt(good, swapped), index, ledger.CodeFrameIndex)
			}
		})
		t.Run("truncated", func(t *testing.T) { refusedAt(t, rebuilt(good, all[:i]), index, ledger.CodeShort) })
		t.Run("cut in the middle", func(t *testing.T) {
			cut := slices.Clone(all[:i+1])
			cut[i] = cut[i][:len(cut[i])-1]
			refusedAt(t, rebuilt(good, cut), index, ledger.CodeFrameTruncated)
		})
	}
}

func TestAMissingOrForeignSegmentIsNamed(t *testing.T) {
	good := filled(t, 20)
	names := good.segments()
	require.Greater(t, len(names), 2)
	for i, name := range names {
		bad := good.clone()
		delete(bad.names, name)
		index := uint64(0)
		for j, s := range spans(good) {
			if s.file == name {
				index = uint64(j)
				break
			}
		}
		refusedAt(t, bad, index)
		if i > 0 {
			renamed := good.clone()
			renamed.put("00000000000000000005.seg", renamed.get(name))
			_, err := read(t.Context(), renamed)
			require.Error(t, err)
		}
	}
	odd := good.clone()
	odd.put("5.seg", nil)
	_, err := read(t.Context(), odd)
	requireCode(t, err, ledger.CodeSegment)
	extra := good.clone()
	extra.put("notes.txt", []byte("somebody's"))
	_, err = read(t.Context(), extra)
	require.NoError(t, err)
}

// forge gives a frame another entry, with a right checksum and leaf hash.
func forge(frame []byte, payload string) []byte {
	entry := append([]byte{1}, payload...)
	out := append(bytes.Clone(frame[:frameSize]), entry...)
	binary.BigEndian.PutUint32(out, uint32(len(entry)))
	leaf := tlog.RecordHash(entry)
	copy(out[16:], leaf[:])
	seal(out)
	return out
}

func seal(frame []byte) {
	table := crc32.MakeTable(crc32.Castagnoli)
	binary.BigEndian.PutUint32(frame[4:], crc32.Update(crc32.Checksum(frame[:4], table), table, frame[8:]))
}

func TestAForgedEntryWithRightChecksumsFailsTheRoot(t *testing.T) {
	good := filled(t, 8)
	for i := range 8 {
		forged := frames(good)
		forged[i] = forge(forged[i], "media/type\nforged")
		bad := rebuilt(good, forged)
		_, err := read(t.Context(), bad)
		requireCode(t, err, ledger.CodeRoot)
		_, err = ledger.Open(t.Context(), config(bad))
		requireCode(t, err, ledger.CodeRoot)

		reordered := frames(good)
		j := (i + 1) % 8
		reordered[i], reordered[j] = reordered[j], reordered[i]
		for _, k := range []int{i, j} {
			binary.BigEndian.PutUint64(reordered[k][8:], uint64(k))
			seal(reordered[k])
		}
		_, err = read(t.Context(), rebuilt(good, reordered))
		requireCode(t, err, ledger.CodeRoot)
	}
}

func TestAWrongLeafHashIsNamedEvenWithARightChecksum(t *testing.T) {
	good := filled(t, 4)
	bad := frames(good)
	bad[2][20] ^= 1
	seal(bad[2])
	refusedAt(t, rebuilt(good, bad), 2, ledger.CodeFrameLeaf)
	bad[2][20] ^= 1
	refusedAt(t, rebuilt(good, bad), 2, ledger.CodeFrameChecksum)
}

func TestAnOversizedLengthIsRefusedWithoutReadingIt(t *testing.T) {
	good := filled(t, 3)
	for _, length := range []uint32{0, 1<<20 + 1, 1<<32 - 1} {
		bad := frames(good)
		binary.BigEndian.PutUint32(bad[1], length)
		seal(bad[1])
		refusedAt(t, rebuilt(good, bad), 1, ledger.CodeFrameLength)
	}
}

func TestARewrittenLogFailsTheSignature(t *testing.T) {
	// Somebody rewrites everything but has another key.
	bad := newMemDir()
	c := config(bad)
	c.Signer = mallory()
	require.NoError(t, ledger.Create(t.Context(), c))
	l, err := ledger.Open(t.Context(), c)
	require.NoError(t, err)
	fill(t, l, 0, 3)
	require.NoError(t, l.Close())
	_, err = read(t.Context(), bad)
	requireCode(t, err, ledger.CodeCheckpointSignature)
	_, err = ledger.Open(t.Context(), config(bad))
	requireCode(t, err, ledger.CodeCheckpointSignature)
}

func TestAnEntryThatChangesUnderAnOpenReaderIsRefused(t *testing.T) {
	d := filled(t, 5)
	r, err := read(t.Context(), d)
	require.NoError(t, err)
	s := spans(d)[3]
	forged := forge(d.get(s.file)[s.start:s.end], "media/type\nentry X")
	copy(d.names[s.file].data[s.start:], forged)
	_, err = r.Entry(t.Context(), 3)
	requireCode(t, err, ledger.CodeFrameLeaf)
	var damage *ledger.DamageError
	require.True(t, errors.As(err, &damage))
	assert.Equal(t, uint64(3), damage.Index)
	delete(d.names, s.file)
	_, err = r.Entry(t.Context(), 3)
	requireCode(t, err, ledger.CodeRead)
}

func FuzzReadSegment(f *testing.F) {
	good := filled(f, 4)
	checkpoint, name := good.get("checkpoint"), good.segments()[0]
	f.Add(good.get(name))
	f.Add(good.get(name)[:headerSize])
	f.Add([]byte("SWLEDG1\n"))
	f.Fuzz(func(t *testing.T, segment []byte) {
		d := newMemDir()
		d.put("checkpoint", checkpoint)
		d.put(name, segment)
		r, err := read(t.Context(), d)
		if err != nil {
			require.NotEmpty(t, attest.Reasons(err))
			return
		}
		for i := range uint64(4) {
			e, err := r.Entry(t.Context(), i)
			require.NoError(t, err)
			require.Equal(t, entry(int(i)), e)
		}
	})
}
