package tlog_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/tlog"
)

func TestTilePathsAreThoseOfTheSpecification(t *testing.T) {
	for path, tile := range map[string]tlog.Tile{
		"tile/0/x001/x234/067":           {Level: 0, Index: 1234067, Width: 256},
		"tile/1/000.p/1":                 {Level: 1, Index: 0, Width: 1},
		"tile/entries/x001/x234/067.p/8": {Level: -1, Index: 1234067, Width: 8},
		"tile/entries/272":               {Level: -1, Index: 272, Width: 256},
	} {
		require.Equal(t, path, tile.Path())
		got, err := tlog.ParseTilePath(path)
		require.NoError(t, err, path)
		require.Equal(t, tile, got)
	}
	for _, path := range []string{
		"", "tile", "tile/0", "tile/00/000", "tile/0/0", "tile/0/0000", "tile/0/x000/000", "tile/0/000.p/0", "tile/0/000.p/256",
		"tile/0/000.p/01", "tile/8/000", "tile/64/000", "tile/-1/000", "tile/data/000", "tile/0/../000", "tile/0/x001/x000",
		"/tile/0/000", "tile/0/000/", "tile/entries/+00", "tile/0/" + strings.Repeat("x999/", 30) + "999",
	} {
		_, err := tlog.ParseTilePath(path)
		requireCode(t, tlog.CodeTile, err)
	}
}

func TestATreeOf70000HasTheTilesThatTheSpecificationCounts(t *testing.T) {
	full, partial := map[int]int{}, map[int]int{}
	for _, tile := range tlog.NewTiles(0, 70000) {
		if tile.Width == tlog.TileWidth {
			full[tile.Level]++
		} else {
			partial[tile.Level] = tile.Width
			assert.Equal(t, tile.Width, tlog.PartialWidth(70000, tile.Level))
		}
	}
	assert.Equal(t, map[int]int{-1: 273, 0: 273, 1: 1}, full)
	assert.Equal(t, map[int]int{-1: 112, 0: 112, 1: 17, 2: 1}, partial)
}

func TestABundleHasOneForm(t *testing.T) {
	var content []byte
	var err error
	for _, e := range []string{"one", "", strings.Repeat("x", tlog.MaxEntry)} {
		content, err = tlog.AppendEntry(content, []byte(e))
		require.NoError(t, err)
	}
	tile := tlog.Tile{Level: tlog.EntriesLevel, Width: 3}
	entries, err := tile.ParseBundle(content)
	require.NoError(t, err)
	require.Equal(t, "one", string(entries[0]))
	for name, bad := range map[string][]byte{
		"a byte short": content[:len(content)-1], "a byte more": append(content[:len(content):len(content)], 0), "nothing": nil, "half a length": {0},
	} {
		_, err := tile.ParseBundle(bad)
		assert.Error(t, err, name)
	}
	_, err = tlog.Tile{Level: tlog.EntriesLevel, Width: 2}.ParseBundle(content)
	requireCode(t, tlog.CodeTile, err)
	_, err = tlog.AppendEntry(nil, make([]byte, tlog.MaxEntry+1))
	requireCode(t, tlog.CodeEntrySize, err)
	_, err = tlog.Tile{Width: 2}.ParseTile(make([]byte, 63))
	requireCode(t, tlog.CodeTile, err)
	hashes, err := tlog.Tile{Width: 2}.ParseTile(make([]byte, 64))
	require.NoError(t, err)
	require.Len(t, hashes, 2)
	_, err = tlog.Tile{Width: 257}.ParseTile(nil)
	requireCode(t, tlog.CodeTile, err)
}
