package tlog

import (
	"encoding/binary"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// The shape of tiles (C2SP tlog-tiles).
const (
	// TileHeight is the height of a tile's tree.
	TileHeight = 8
	// TileWidth is the number of hashes in a full tile and of entries in a full
	// bundle.
	TileWidth = 1 << TileHeight
	// MaxEntry bounds an entry in bytes.
	MaxEntry = 1<<16 - 1
	// EntriesLevel is the Level of an entry bundle.
	EntriesLevel = -1
)

// A Tile names a file of a log: consecutive hashes of one level of the tree, or a
// bundle of entries.
type Tile struct {
	Level int    // 0 to 7; EntriesLevel for a bundle
	Index uint64 // its number in the level
	Width int    // 1 to TileWidth; a tile of less than TileWidth is partial
}

// Path returns where tlog-tiles serves the tile, relative to the log:
// tile/0/x001/x234/067.p/8, tile/entries/000.
func (t Tile) Path() string {
	full := tlog.Tile{H: TileHeight, L: t.Level, N: int64(t.Index), W: t.Width}.Path()
	rest := strings.TrimPrefix(full, "tile/8/")
	if data, ok := strings.CutPrefix(rest, "data/"); ok {
		rest = "entries/" + data
	}
	return "tile/" + rest
}

// ParseTilePath reads a path in the only form that Path gives it.
func ParseTilePath(path string) (Tile, error) {
	refused := attest.Refuse(CodeTile, "path", "tile/<level>/<index>[.p/<width>]", excerpt.Quote(path))
	rest, ok := strings.CutPrefix(path, "tile/")
	if !ok || len(path) > 128 {
		return Tile{}, refused
	}
	if entries, ok := strings.CutPrefix(rest, "entries/"); ok {
		rest = "data/" + entries
	}
	parsed, err := tlog.ParseTilePath("tile/8/" + rest)
	if err != nil {
		return Tile{}, refused.Because(err)
	}
	t := Tile{parsed.L, uint64(parsed.N), parsed.W}
	if t.Validate() != nil || t.Path() != path {
		return Tile{}, refused
	}
	return t, nil
}

// Validate reports whether a tree of at most MaxSize entries can have the tile.
func (t Tile) Validate() error {
	if t.Level < EntriesLevel || t.Level >= 8 || t.Width < 1 || t.Width > TileWidth {
		return attest.Refuse(CodeTile, "tile", "a level below 8 and a width of 1 to 256", strconv.Itoa(t.Level)+" and "+strconv.Itoa(t.Width))
	}
	if t.Index > MaxSize>>(TileHeight*(max(t.Level, 0)+1)) {
		return attest.Refuse(CodeTile, "tile", "an index in a tree of 2^62 entries", strconv.FormatUint(t.Index, 10))
	}
	return nil
}

// PartialWidth returns the width of the partial tile at the end of a level in a
// tree of size entries; 0 means that there is none.
func PartialWidth(size uint64, level int) int {
	return int(size >> (TileHeight * max(level, 0)) % TileWidth)
}

// NewTiles returns the tiles and entry bundles that a log publishes when its tree
// grows from older to newer entries.
func NewTiles(older, newer uint64) []Tile {
	var tiles []Tile
	for _, t := range tlog.NewTiles(TileHeight, int64(older), int64(newer)) {
		tiles = append(tiles, Tile{t.L, uint64(t.N), t.W})
		if t.L == 0 {
			tiles = append(tiles, Tile{EntriesLevel, uint64(t.N), t.W})
		}
	}
	return tiles
}

// ParseTile reads the content of a tile of hashes.
func (t Tile) ParseTile(content []byte) ([]Hash, error) {
	if err := t.Validate(); err != nil {
		return nil, err
	}
	if t.Level < 0 || len(content) != t.Width*tlog.HashSize {
		return nil, attest.Refuse(CodeTile, t.Path(), strconv.Itoa(t.Width)+" hashes", strconv.Itoa(len(content))+" bytes")
	}
	hashes := make([]Hash, t.Width)
	for i := range hashes {
		hashes[i] = Hash(content[i*tlog.HashSize:])
	}
	return hashes, nil
}

// ParseBundle reads the entries in the content of a bundle. They share its memory.
func (t Tile) ParseBundle(content []byte) ([][]byte, error) {
	if err := t.Validate(); err != nil {
		return nil, err
	}
	entries := make([][]byte, 0, t.Width)
	for len(content) >= 2 && len(entries) < t.Width {
		n := int(binary.BigEndian.Uint16(content))
		if len(content)-2 < n {
			break
		}
		entries = append(entries, content[2:2+n:2+n])
		content = content[2+n:]
	}
	if t.Level != EntriesLevel || len(entries) != t.Width || len(content) > 0 {
		return nil, attest.Refuse(CodeTile, t.Path(), strconv.Itoa(t.Width)+" entries and nothing else", strconv.Itoa(len(entries))+" and "+strconv.Itoa(len(content))+" bytes")
	}
	return entries, nil
}

// AppendEntry appends an entry to the content of a bundle.
func AppendEntry(bundle, entry []byte) ([]byte, error) {
	if len(entry) > MaxEntry {
		return nil, attest.Refuse(CodeEntrySize, "entry", "at most "+strconv.Itoa(MaxEntry)+" bytes", strconv.Itoa(len(entry)))
	}
	return append(binary.BigEndian.AppendUint16(bundle, uint16(len(entry))), entry...), nil
}
