package goals_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/internal/peers/goals"
)

func lines(t *testing.T, table *goals.Table, about ...string) (machine string, rows []string) {
	t.Helper()
	var b strings.Builder
	require.NoError(t, table.Print(&b, about...))
	head, body, found := strings.Cut(b.String(), "\n\n")
	require.True(t, found)
	for line := range strings.Lines(body) {
		rows = append(rows, strings.Join(strings.Fields(line), " "))
	}
	return head, rows
}

func TestATableTellsWhichGoalsAreMet(t *testing.T) {
	var progress strings.Builder
	table := goals.Table{Progress: &progress, Peer: "of theirs"}
	table.AtMost("small", 1, 1, " ms")
	table.AtMost("large", 1.001, 1, " ms").Beside(2)
	table.AtLeast("fast", 12345.6, 12345.6, "/s").Beside(0)
	table.AtLeast("slow", 0.5, 1, "/s")
	table.Measured("plain", 0.12345, " s").Beside(0.5)
	table.Note("words", "as they are")
	machine, rows := lines(t, &table, "and more")
	require.Contains(t, machine, " processors, and more\n")
	require.Equal(t, []string{
		"what measured goal of theirs", "small 1 ms <= 1 ms met", "large 1 ms <= 1 ms MISSED 0.5x of 2 ms", "fast 12346/s >= 12346/s met",
		"slow 0.5/s >= 1/s MISSED", "plain 0.123 s 0.247x of 0.5 s", "words as they are",
	}, rows)
	require.Equal(t, "small: 1 ms (<= 1 ms) met\nlarge: 1 ms (<= 1 ms) MISSED\nfast: 12346/s (>= 12346/s) met\nslow: 0.5/s (>= 1/s) MISSED\n", progress.String())
}

func TestNumberedRowsAreInOrder(t *testing.T) {
	var table goals.Table
	table.Note("later", "x").Number(10)
	table.Note("first", "x").Number(2)
	table.Note("second", "x").Number(2)
	_, rows := lines(t, &table)
	require.Equal(t, []string{"what measured goal", "2 first x", "2 second x", "10 later x"}, rows)
	_, rows = lines(t, &goals.Table{})
	require.Len(t, rows, 1)
}
