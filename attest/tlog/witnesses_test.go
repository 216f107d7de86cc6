package tlog_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/tlog"
)

func TestWitnessesJudgeACheckpointOfAnyLog(t *testing.T) {
	w := newWorld(t)
	trust := w.trust
	trust.Logs = nil
	fromTrust, err := tlog.NewWitnesses(trust)
	require.NoError(t, err)
	fromPolicy, err := w.policy(t).Witnesses()
	require.NoError(t, err)
	stranger := signer(t, "stranger.example", tlog.Ed25519)
	others, err := tlog.SignCheckpoint(t.Context(), entries(3).checkpoint("stranger.example", 3), at(), stranger, w.w3, w.w1, w.w2)
	require.NoError(t, err)
	for _, judge := range []*tlog.Witnesses{fromTrust, fromPolicy} {
		for _, checkpoint := range [][]byte{w.signed, others} {
			names, err := judge.Witnessed(checkpoint)
			require.NoError(t, err)
			require.Equal(t, []string{"W1", "W2", "W3"}, names)
		}
	}

	short, err := tlog.SignCheckpoint(t.Context(), w.head, at(), w.log, w.w1, w.w3)
	require.NoError(t, err)
	_, err = fromTrust.Witnessed(short)
	requireCode(t, tlog.CodeQuorum, err)
	alone, err := tlog.SignCheckpoint(t.Context(), w.head, at(), w.log)
	require.NoError(t, err)
	_, err = fromTrust.Witnessed(alone)
	requireCode(t, tlog.CodeQuorum, err)
	// One witness's line twice is one witness.
	twice := string(short) + strings.SplitAfter(string(short), "\n")[5]
	_, err = fromTrust.Witnessed([]byte(twice))
	requireCode(t, tlog.CodeQuorum, err)
	forged := strings.Replace(string(w.signed), "\n11\n", "\n12\n", 1)
	_, err = fromTrust.Witnessed([]byte(forged))
	requireCode(t, tlog.CodeSignature, err)
	var none *tlog.Witnesses
	_, err = none.Witnessed(w.signed)
	requireCode(t, attest.CodeNil, err)
	_, err = (&tlog.Witnesses{}).Witnessed(w.signed)
	requireCode(t, attest.CodeNil, err)
}

func TestWitnessesThatDemandNobodyAreRefused(t *testing.T) {
	w := newWorld(t)
	_, err := tlog.NewWitnesses(w.trust)
	requireCode(t, tlog.CodePolicy, err)
	trust := w.trust
	trust.Logs = nil
	for _, quorum := range []string{tlog.QuorumNone, "", "W9"} {
		trust.Quorum = quorum
		_, err = tlog.NewWitnesses(trust)
		requireCode(t, tlog.CodePolicyQuorum, err)
	}
	trust = w.trust
	trust.Quorum = tlog.QuorumNone
	p, err := tlog.NewPolicy(trust)
	require.NoError(t, err)
	_, err = p.Witnesses()
	requireCode(t, tlog.CodePolicyQuorum, err)
}
