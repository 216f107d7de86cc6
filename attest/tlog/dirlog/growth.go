package dirlog

import (
	modtlog "golang.org/x/mod/sumdb/tlog"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/tlog"
)

// A growth is the tree of a reader while entries are added to it. Nothing that the
// reader holds is changed.
type growth struct {
	old   *Reader
	size  uint64
	edge  map[int]*pyramid
	full  map[coordinate]*pyramid
	last  [][]byte // entries of the partial bundle
	files []file   // of full bundles
}

func newGrowth(old *Reader, last [][]byte) *growth {
	g := &growth{old: old, size: old.head.Size, edge: map[int]*pyramid{}, full: map[coordinate]*pyramid{}}
	g.last = append(make([][]byte, 0, tlog.TileWidth), last...)
	for level, p := range old.edge {
		g.edge[level] = p.clone()
	}
	return g
}

func (g *growth) add(entry []byte) error {
	g.last = append(g.last, entry)
	h := tlog.LeafHash(entry)
	index := g.size / tlog.TileWidth
	g.size++
	if len(g.last) == tlog.TileWidth {
		if err := g.bundle(index); err != nil {
			return err
		}
		g.last = make([][]byte, 0, tlog.TileWidth)
	}
	for level := 0; ; level++ {
		p := g.edge[level]
		if p == nil {
			p = &pyramid{}
			g.edge[level] = p
		}
		root, full := p.add(h)
		if !full {
			return nil
		}
		g.full[coordinate{level, index}] = p
		g.edge[level] = nil
		h, index = root, index/tlog.TileWidth
	}
}

// bundle adds the file of the last entries.
func (g *growth) bundle(index uint64) error {
	tile := tlog.Tile{Level: tlog.EntriesLevel, Index: index, Width: len(g.last)}
	var content []byte
	for _, e := range g.last {
		var err error
		if content, err = tlog.AppendEntry(content, e); err != nil {
			return err
		}
	}
	g.files = append(g.files, file{tile.Path(), content})
	return nil
}

// finish returns the files to be written and the reader of the new tree, which
// lacks only its signature.
func (g *growth) finish() ([]file, *Reader, error) {
	next := &Reader{root: g.old.root, edge: map[int]*pyramid{}, tiles: g.old.tiles}
	for level, p := range g.edge {
		if p != nil {
			next.edge[level] = p
		}
	}
	if len(g.last) > 0 {
		if err := g.bundle(g.size / tlog.TileWidth); err != nil {
			return nil, nil, err
		}
	}
	for _, t := range tlog.NewTiles(g.old.head.Size, g.size) {
		p := next.edge[t.Level]
		if t.Width == tlog.TileWidth {
			p = g.full[coordinate{t.Level, t.Index}]
		}
		if t.Level != tlog.EntriesLevel {
			g.files = append(g.files, file{t.Path(), p.bytes()})
		}
	}
	for at, p := range g.full {
		next.tiles.put(at, p)
	}
	next.head = tlog.Checkpoint{Origin: g.old.head.Origin, Size: g.size}
	root, err := modtlog.TreeHash(int64(g.size), next)
	if err != nil {
		return nil, nil, attest.Refuse(CodeRead, "tiles", "the root", "").Because(err)
	}
	next.head.Root = root
	return g.files, next, nil
}
