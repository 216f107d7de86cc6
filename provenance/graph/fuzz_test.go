package graph

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// memoryFile is a file of a segment that is kept in memory.
type memoryFile struct{ bytes.Buffer }

func (*memoryFile) Close() error { return nil }

// sections writes the delta as a segment, and returns the contents of its files.
func sections(t testing.TB, d *delta) [segmentFiles][]byte {
	t.Helper()
	files := map[string]*memoryFile{}
	_, err := writeSegment(context.Background(), []part{d}, func(suffix string) (io.WriteCloser, error) {
		files[suffix] = &memoryFile{}
		return files[suffix], nil
	})
	require.NoError(t, err)
	var out [segmentFiles][]byte
	for i, suffix := range suffixes {
		b := files[suffix].Bytes()
		size := binary.LittleEndian.Uint64(b[len(b)-footerSize+8:])
		out[i] = b[:size]
	}
	return out
}

// sealedBlocks returns content as a block file with right checksums.
func sealedBlocks(t testing.TB, content []byte) *blocks {
	t.Helper()
	f := &memoryFile{}
	w := newBlockWriter(f)
	w.write(content)
	sum, err := w.close()
	require.NoError(t, err)
	b, err := newBlocks("fuzz", f.Bytes(), nil, int64(f.Len()), sum)
	require.NoError(t, err)
	return b
}

// sampleDelta holds a few statements.
func sampleDelta(t testing.TB) *delta {
	t.Helper()
	b := newBatch()
	for i := range 4 {
		b.add(generated(i))
	}
	f := generated(4)
	f.mentions = append(f.mentions, factMention{role: roleAbout, digests: []string{digestKey(sum("x")), string([]byte{3}) + string(make([]byte, 64))}, place: nameKey("p"), label: nameKey("l")})
	f.resource, f.seal = nameKey("r"), unsealed
	b.add(f)
	d := newDelta()
	require.NoError(t, d.apply(b.encode()))
	return d
}

// FuzzSegment reads segments whose checksums are right and whose contents are not: no
// query may panic, run away, or say anything but an answer or a refusal.
func FuzzSegment(f *testing.F) {
	good := sections(f, sampleDelta(f))
	f.Add(good[0], good[1], good[2], good[3], good[4], good[5], good[6])
	for i := range good {
		bad := good
		bad[i] = bytes.Clone(good[i])
		bad[i][len(bad[i])/2] ^= 0xff
		f.Add(bad[0], bad[1], bad[2], bad[3], bad[4], bad[5], bad[6])
		bad[i] = nil
		f.Add(bad[0], bad[1], bad[2], bad[3], bad[4], bad[5], bad[6])
	}
	f.Fuzz(func(t *testing.T, records, offsets, keys, nodes, buckets, postings, filter []byte) {
		var files [segmentFiles]*blocks
		for i, content := range [...][]byte{records, offsets, keys, nodes, buckets, postings, filter} {
			files[i] = sealedBlocks(t, content)
		}
		segment, err := newSegment("fuzz", files)
		if err != nil {
			require.NotEmpty(t, attest.Reasons(err))
			return
		}
		s := &Store{segments: []part{segment}, delta: newDelta()}
		ctx := context.Background()
		q := Query{Select: IncludeUnverified{by("alice")}, About: true, AllowWeak: true, Limits: Limits{Nodes: 50, Hops: 50, Statements: 200}}
		check := func(err error) {
			if err != nil {
				require.NotEmpty(t, attest.Reasons(err), err.Error())
			}
		}
		for _, name := range []string{"4", "0", "x"} {
			_, err := s.Lineage(ctx, sum(name), q)
			check(err)
			_, err = s.Impact(ctx, sum(name), q)
			check(err)
			_, err = s.Conflicts(ctx, sum(name), q)
			check(err)
			_, err = s.Statements(ctx, sum(name), q, "", 50)
			check(err)
		}
		_, err = s.ConflictsAt(ctx, "p", q)
		check(err)
		_, err = newBatch().stored([]part{segment}, generated(0))
		check(err)
		_, err = writeSegment(ctx, []part{segment}, func(string) (io.WriteCloser, error) { return &memoryFile{}, nil })
		check(err)
	})
}

// FuzzLog reads logs: whatever the bytes, there is a refusal or a state, and what is
// whole can be read again.
func FuzzLog(f *testing.F) {
	b := newBatch()
	b.add(generated(3))
	log := newLog()
	good := append(appendHead(bytes.Clone(log), log[8:24], dataMagic, 0, b.encode()), b.encode()...)
	good = appendHead(good, log[8:24], ackMagic, 0, nil)
	f.Add(good)
	f.Add(good[:len(good)-3])
	f.Add(good[:len(good)-frameHeader-9])
	f.Add(log)
	f.Fuzz(func(t *testing.T, b []byte) {
		d := newDelta()
		state, err := readLog("log", b, d.apply)
		if err != nil {
			require.NotEmpty(t, attest.Reasons(err))
			return
		}
		again := newDelta()
		_, err = readLog("log", b[:state.end], again.apply)
		require.NoError(t, err)
		require.Equal(t, d.records, again.records)
	})
}

// FuzzRecord holds the reader of records to the writer.
func FuzzRecord(f *testing.F) {
	d := sampleDelta(f)
	for i := range d.statements() {
		r, err := d.record(i)
		require.NoError(f, err)
		f.Add(r)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var r, again record
		if err := r.parse(b, 100); err != nil {
			require.NotEmpty(t, attest.Reasons(err))
			return
		}
		require.NoError(t, again.parse(r.append(nil), 100))
		require.Equal(t, r.append(nil), again.append(nil))
		r.each(func(id uint32, _ role) { require.Less(t, id, uint32(100)) })
	})
}

// FuzzUnverified reads attestations that nobody vouches for, in one pass where that is
// possible, and with the parser of verified statements: both must say the same.
func FuzzUnverified(f *testing.F) {
	st := builds(f, "app", "lib")
	f.Add(attest.MediaTypeInToto, st.Bytes())
	f.Add(attest.MediaTypeDSSE, []byte(`{"payloadType":"application/vnd.in-toto+json","payload":"e30=","signatures":[]}`))
	f.Add("application/vnd.dev.sigstore.bundle.v0.3+json", []byte(`{"dsseEnvelope":{"payloadType":"application/vnd.in-toto+json","payload":"e30="}}`))
	f.Fuzz(func(t *testing.T, mediaType string, body []byte) {
		payload, err := unpack(attest.Attestation{MediaType: mediaType, Body: body})
		if err != nil {
			require.NotEmpty(t, attest.Reasons(err))
			return
		}
		got, err := newReading(1).payloadFact(payload, nil)
		var want *fact
		s, wantErr := attest.ParseStatement(payload, attest.Limits{})
		if wantErr == nil {
			want, wantErr = newReading(1).newFact(s, digest.FromBytes(payload), unsealed)
		}
		if err != nil {
			require.NotEmpty(t, attest.Reasons(err))
			require.EqualError(t, wantErr, err.Error())
			return
		}
		require.NoError(t, wantErr)
		b, other, d := newBatch(), newBatch(), newDelta()
		b.add(got)
		other.add(want)
		require.Equal(t, other.encode(), b.encode())
		require.NoError(t, d.apply(b.encode()))
	})
}
