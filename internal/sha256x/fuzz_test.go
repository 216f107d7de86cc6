package sha256x

import "testing"

// FuzzFold cuts p into lanes of unequal length and folds them with each kernel.
func FuzzFold(f *testing.F) {
	f.Add([]byte{}, uint8(0), uint8(1))
	f.Add(randomBytes(1, 64), uint8(1), uint8(1))
	f.Add(randomBytes(2, 1000), uint8(5), uint8(2))
	f.Add(randomBytes(3, 5000), uint8(17), uint8(3))
	f.Add(randomBytes(4, 9999), uint8(40), uint8(7))
	ks := machineKernels()
	f.Fuzz(func(t *testing.T, p []byte, lanes, step uint8) {
		p = p[:min(len(p), 1<<14)]
		data := make([][]byte, lanes%48)
		for i := range data {
			from := min(len(p), i*int(step))
			n := (len(p) - from) * (i%5 + 1) / 5
			data[i] = p[from:][:n&^(BlockSize-1)]
		}
		for _, name := range sortedNames(ks) {
			foldAndCheck(t, ks[name], data)
		}
	})
}

// FuzzSumMany cuts p into messages and hashes them behind a prefix with each
// kernel, as messages and, where they are equally long, as records.
func FuzzSumMany(f *testing.F) {
	f.Add([]byte{}, []byte{}, uint16(0))
	f.Add([]byte{1}, randomBytes(1, 64), uint16(64))
	f.Add([]byte{1}, randomBytes(2, 64*20), uint16(64))
	f.Add(randomBytes(3, 63), randomBytes(4, 1000), uint16(55))
	f.Add(randomBytes(5, 130), randomBytes(6, 9000), uint16(1024))
	ks := machineKernels()
	f.Fuzz(func(t *testing.T, prefix, p []byte, size uint16) {
		p = p[:min(len(p), 1<<14)]
		n := min(len(p)/max(1, int(size)), 48)
		msgs := make([][]byte, n)
		for i := range msgs {
			msgs[i] = p[i*int(size) : (i+1)*int(size)]
		}
		src := p[:n*int(size)]
		unequal := append([][]byte{p, nil, p[:len(p)/2]}, msgs...)
		for _, name := range sortedNames(ks) {
			records := make([][Size]byte, n)
			ks[name].sumFixed(records, Midstate{State: IV()}, prefix, src, int(size))
			many := make([][Size]byte, len(unequal))
			ks[name].sumMany(many, prefix, unequal)
			for i, m := range unequal {
				if wanted := want(prefix, m); many[i] != wanted || i >= 3 && records[i-3] != wanted {
					t.Fatalf("%s: message %d differs", name, i)
				}
			}
		}
	})
}
