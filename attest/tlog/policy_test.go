package tlog_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/tlog"
)

func attestSigner(label string) attest.Signer { return attesttest.Signer(label) }

func vkey(t testing.TB, name string, a tlog.Algorithm) string {
	return signer(t, name, a).Key().String()
}

func TestAPolicyFileIsRead(t *testing.T) {
	w := newWorld(t)
	file := "# believed\n\n  log\t" + w.log.Key().String() + " https://log.example/\n" +
		"witness W1 " + w.w1.Key().String() + " https://w1.example/\n" +
		"witness W2 " + w.w2.Key().String() + "\nwitness W3 " + w.w3.Key().String() + "\n" +
		"group any2 2 W1 W2\ngroup all all any2 W3\n quorum all \n"
	p, err := tlog.ParsePolicy([]byte(file), verify44)
	require.NoError(t, err)
	h, err := p.Open(w.signed)
	require.NoError(t, err)
	require.Len(t, h.Cosigned, 3)
	require.Equal(t, "https://w1.example/", p.Trust().Witnesses[0].URL)
}

func TestAPolicyThatDoesNotSayWhatItMeansIsRefused(t *testing.T) {
	log, w1, w2 := "log "+vkey(t, "l", tlog.Ed25519)+"\n", "witness W1 "+vkey(t, "w1", tlog.CosignatureV1)+"\n", "witness W2 "+vkey(t, "w2", tlog.MLDSA44)+"\n"
	renamed := tlog.Key{Name: "renamed", Algorithm: tlog.CosignatureV1, Public: publicOf(t, "w1")}
	for name, c := range map[string]struct {
		file string
		code attest.Code
	}{
		"empty":                                    {"", tlog.CodePolicyQuorum},
		"no quorum":                                {log + w1, tlog.CodePolicyQuorum},
		"no log":                                   {w1 + "quorum W1\n", tlog.CodePolicy},
		"two quorums":                              {log + w1 + "quorum W1\nquorum none\n", tlog.CodePolicyQuorum},
		"a quorum that is not defined":             {log + "quorum W1\n", tlog.CodePolicy},
		"a quorum that is defined later":           {log + "quorum W1\n" + w1, tlog.CodePolicy},
		"a member that is defined later":           {log + "group g any W1\n" + w1 + "quorum g\n", tlog.CodePolicy},
		"a group that is its own member":           {log + "group g any g\nquorum g\n", tlog.CodePolicy},
		"none as a member":                         {log + w1 + "group g any W1 none\nquorum g\n", tlog.CodePolicy},
		"a witness called none":                    {log + strings.Replace(w1, "W1", "none", 1) + "quorum none\n", tlog.CodePolicy},
		"a group without members":                  {log + "group g any\nquorum g\n", tlog.CodePolicy},
		"a threshold of zero":                      {log + w1 + "group g 0 W1\nquorum g\n", tlog.CodePolicy},
		"a threshold above the members":            {log + w1 + "group g 2 W1\nquorum g\n", tlog.CodeNumber},
		"a threshold with a leading zero":          {log + w1 + "group g 01 W1\nquorum g\n", tlog.CodeNumber},
		"a member twice":                           {log + w1 + "group g 2 W1 W1\nquorum g\n", tlog.CodePolicyDuplicate},
		"a member of two groups":                   {log + w1 + "group g any W1\ngroup h any W1\nquorum g\n", tlog.CodePolicyDuplicate},
		"a name twice":                             {log + w1 + strings.Replace(w2, "W2", "W1", 1) + "quorum W1\n", tlog.CodePolicyDuplicate},
		"one witness key under two names":          {log + w1 + "witness other " + renamed.String() + "\nquorum W1\n", tlog.CodePolicyDuplicate},
		"a log twice":                              {log + log + "quorum none\n", tlog.CodePolicyDuplicate},
		"a log with a cosigner's key":              {"log " + vkey(t, "l", tlog.CosignatureV1) + "\nquorum none\n", tlog.CodeKey},
		"a witness with a log's key":               {log + "witness W1 " + vkey(t, "w", tlog.Ed25519) + "\nquorum W1\n", tlog.CodeKey},
		"an unknown keyword":                       {log + "deny W1\nquorum none\n", tlog.CodePolicy},
		"a keyword in upper case":                  {log + "QUORUM none\n", tlog.CodePolicy},
		"a word too many":                          {log + "quorum none none\n", tlog.CodePolicy},
		"a carriage return":                        {log + "quorum none\r\n", tlog.CodePolicy},
		"no final newline":                         {log + "quorum none", tlog.CodePolicy},
		"ML-DSA-44 without a verifier":             {log + w2 + "quorum W2\n", tlog.CodeMLDSA},
		"more than 32 witnesses":                   {log + many(t, 33) + "quorum none\n", tlog.CodePolicyLimit},
		"larger than a mebibyte":                   {strings.Repeat("#", 1<<20+1), attest.CodeLimit},
		"a log without key":                        {"log\nquorum none\n", tlog.CodePolicy},
		"a log whose key's id is not its own name": {"log x" + strings.TrimPrefix(log, "log ") + "quorum none\n", tlog.CodeKey},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tlog.ParsePolicy([]byte(c.file), nil)
			requireCode(t, c.code, err)
		})
	}
	_, err := tlog.NewPolicy(tlog.Trust{})
	requireCode(t, tlog.CodePolicyQuorum, err)
	requireCode(t, tlog.CodePolicy, err)
}

func many(t testing.TB, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "witness W%d %s\n", i, vkey(t, fmt.Sprint("w", i), tlog.CosignatureV1))
	}
	return b.String()
}

func TestAPolicyOf32LogsWitnessesAndGroupsIsRead(t *testing.T) {
	var b strings.Builder
	for i := range 32 {
		fmt.Fprintf(&b, "log %s\n", vkey(t, fmt.Sprint("l", i), tlog.Ed25519))
	}
	b.WriteString(many(t, 32))
	for i := range 31 {
		fmt.Fprintf(&b, "group g%d all W%d\n", i, i)
	}
	b.WriteString("group top 16 W31")
	for i := range 31 {
		fmt.Fprintf(&b, " g%d", i)
	}
	b.WriteString("\nquorum top\n")
	p, err := tlog.ParsePolicy([]byte(b.String()), nil)
	require.NoError(t, err)
	c := tlog.Checkpoint{Origin: "l7", Root: tlog.EmptyRoot()}
	signers := []*tlog.Signer{signer(t, "l7", tlog.Ed25519)}
	for i := range 16 {
		signed, err := tlog.SignCheckpoint(t.Context(), c, at(), signers...)
		require.NoError(t, err)
		_, err = p.Open(signed)
		requireCode(t, tlog.CodeQuorum, err)
		signers = append(signers, signer(t, fmt.Sprint("w", 16+i), tlog.CosignatureV1))
	}
	signed, err := tlog.SignCheckpoint(t.Context(), c, at(), signers...)
	require.NoError(t, err)
	_, err = p.Open(signed)
	require.NoError(t, err)
}
