package corpus

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/batch"
	"github.com/sealwright/sealwright/attest/tlog"
)

// A ProofCorpus is a Corpus of batch attestations, whose proofs are C2SP
// tlog-proofs.
type ProofCorpus struct {
	Corpus
	// Keys are trusted; both principals must sign.
	Keys []batch.Key
}

type wireBatch struct {
	Statement []byte `json:"statement"`
	Proof     string `json:"proof"`
}

// Proofs returns a corpus of batch attestations: the fourth of seven.
func Proofs(t testing.TB) *ProofCorpus {
	t.Helper()
	alice, bob, stranger := noteSigner(t, "alice"), noteSigner(t, "bob"), noteSigner(t, "stranger")
	all, other := batchBy(t, alice, bob), batchBy(t, alice, stranger)
	c := &ProofCorpus{Keys: []batch.Key{{Principal: "alice", Key: alice.Key()}, {Principal: "bob", Key: bob.Key()}}}
	c.Valid = map[string]attest.Attestation{"the first": all[0], "the fourth": all[3], "the last": all[6]}
	add := func(name string, body []byte, code attest.Code) {
		c.Defects = append(c.Defects, Defect{name, attest.Attestation{MediaType: batch.MediaType, Body: body}, code})
	}
	var good wireBatch
	if err := json.Unmarshal(all[3].Body, &good); err != nil {
		t.Fatal(err)
	}
	for _, d := range proofTexts(t, good.Proof) {
		add(d.name, marshal(t, wireBatch{good.Statement, d.body}), d.code)
	}
	for _, d := range heads(t, good.Proof, alice, bob) {
		add(d.name, marshal(t, wireBatch{good.Statement, d.body}), d.code)
	}
	body := string(all[3].Body)
	add("an unknown key", []byte(strings.Replace(body, `{"`, `{"x":1,"`, 1)), batch.CodeForm)
	add("a key twice", []byte(strings.Replace(body, `,"proof"`, `,"statement":"e30=","proof"`, 1)), batch.CodeForm)
	add("space between tokens", []byte(strings.Replace(body, `,"proof"`, `, "proof"`, 1)), batch.CodeForm)
	add("trailing data", []byte(body+" "), batch.CodeForm)
	add("no statement", marshal(t, wireBatch{nil, good.Proof}), batch.CodeForm)
	add("another statement of the batch", marshal(t, wireBatch{statementOf(t, 4).Bytes(), good.Proof}), tlog.CodeInclusion)
	add("a statement of no batch", marshal(t, wireBatch{statementOf(t, 9).Bytes(), good.Proof}), tlog.CodeInclusion)
	add("a principal and a stranger", other[3].Body, batch.CodeThreshold)
	return c
}

func noteSigner(t testing.TB, label string) *tlog.Signer {
	t.Helper()
	s, err := tlog.NewSigner(label+".example", tlog.Ed25519, attesttest.Signer(label), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func statementOf(t testing.TB, n int) *attest.Statement {
	t.Helper()
	s, err := attest.NewStatement("https://example.com/p", map[string]int{"n": n}, statement(t).Subjects()...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func batchBy(t testing.TB, signers ...*tlog.Signer) []attest.Attestation {
	t.Helper()
	a, err := batch.NewAttestor(signers...)
	if err != nil {
		t.Fatal(err)
	}
	var statements []*attest.Statement
	for n := range 7 {
		statements = append(statements, statementOf(t, n))
	}
	all, err := a.AttestAll(t.Context(), statements)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func marshal(t testing.TB, b wireBatch) []byte {
	t.Helper()
	out, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	// The format has no escapes that JSON does not demand.
	return []byte(strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(out)))
}

// proofTexts are proofs with one line that is not as tlog-proof has it.
func proofTexts(t testing.TB, good string) []spelling {
	t.Helper()
	lines := strings.Split(good, "\n")
	hash, index := lines[2], lines[1]
	text := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	extra := "extra " + base64.StdEncoding.EncodeToString([]byte("x")) + "\n"
	return []spelling{
		{"another header", text("c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v2"), tlog.CodeProof},
		{"no index", text(index+"\n", ""), tlog.CodeProof},
		{"an index with a leading zero", text(index, "index 03"), tlog.CodeNumber},
		{"a negative index", text(index, "index -3"), tlog.CodeNumber},
		{"another index", text(index, "index 2"), tlog.CodeInclusion},
		{"an index beyond the tree", text(index, "index 7"), tlog.CodeIndex},
		{"a huge index", text(index, "index 9223372036854775808"), tlog.CodeNumber},
		{"carriage returns", strings.ReplaceAll(good, "\n", "\r\n"), tlog.CodeProof},
		{"a hash too few", text(hash+"\n", ""), tlog.CodeInclusion},
		{"a hash too many", text(hash+"\n", hash+"\n"+hash+"\n"), tlog.CodeInclusion},
		{"hashes in another order", text(hash+"\n"+lines[3]+"\n", lines[3]+"\n"+hash+"\n"), tlog.CodeInclusion},
		{"sixty-four hashes", text(hash+"\n", strings.Repeat(hash+"\n", 62)), tlog.CodeProofLength},
		{"a hash that is short", text(hash, "AAAA"), tlog.CodeBase64},
		{"a hash without padding", text(hash, strings.TrimRight(hash, "=")), tlog.CodeBase64},
		{"a hash with stray bits", text(hash, hash[:42]+next(hash[42])+"="), tlog.CodeBase64},
		{"no checkpoint", good[:strings.Index(good, "\n\n")+2], tlog.CodeNote},
		{"no final newline", strings.TrimSuffix(good, "\n"), tlog.CodeNote},
		{"extra data", text(index, extra+index), batch.CodeForm},
		{"a checkpoint changed after it was signed", strings.Replace(good, "\n7\n", "\n8\n", 1), tlog.CodeSignature},
	}
}

// next returns the character of base64 after c.
func next(c byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	return string(alphabet[(strings.IndexByte(alphabet, c)+1)%64])
}

// heads are proofs under another checkpoint, well signed.
func heads(t testing.TB, good string, signers ...*tlog.Signer) []spelling {
	t.Helper()
	proof, err := tlog.ParseProof([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	split := strings.Index(good, "\n\n") + 2
	text, _, _ := strings.Cut(string(proof.Checkpoint), "\n\n")
	head, err := tlog.ParseCheckpoint(text + "\n")
	if err != nil {
		t.Fatal(err)
	}
	under := func(change func(*tlog.Checkpoint), by ...*tlog.Signer) string {
		c := head
		change(&c)
		signed, err := tlog.SignCheckpoint(t.Context(), c, time.Time{}, by...)
		if err != nil {
			t.Fatal(err)
		}
		return good[:split] + string(signed)
	}
	same := func(*tlog.Checkpoint) {}
	return []spelling{
		{"a checkpoint by one of two", under(same, signers[0]), batch.CodeThreshold},
		{"a checkpoint by one twice", under(same, signers[0]) + lastLine(under(same, signers[0])), batch.CodeThreshold},
		{"a checkpoint of a log", under(func(c *tlog.Checkpoint) { c.Origin = "example.com/log" }, signers...), batch.CodeRoot},
		{"a checkpoint that names another root", under(func(c *tlog.Checkpoint) { c.Origin = c.Origin[:len(c.Origin)-1] + "x" }, signers...), batch.CodeRoot},
		{"a checkpoint with an extension", under(func(c *tlog.Checkpoint) { c.Extensions = []string{"x"} }, signers...), batch.CodeRoot},
		{"a checkpoint of a smaller tree", under(func(c *tlog.Checkpoint) { c.Size = 3 }, signers...), tlog.CodeIndex},
	}
}

// lastLine returns the last line of a text with its newline.
func lastLine(s string) string {
	return s[strings.LastIndex(strings.TrimSuffix(s, "\n"), "\n")+1:]
}
