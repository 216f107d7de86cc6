package trace

import (
	"maps"
	"slices"

	"github.com/sealwright/sealwright/reproducible"
)

// A log keeps each access once, within bounds.
type log struct {
	max     int
	text    int
	kept    map[reproducible.Access]struct{}
	dropped uint64
}

func newLog(maxAccesses int) log {
	if maxAccesses == 0 {
		maxAccesses = defaultAccesses
	}
	return log{max: maxAccesses, kept: map[reproducible.Access]struct{}{}}
}

func (l *log) add(seen ...reproducible.Access) {
	for _, a := range seen {
		if _, known := l.kept[a]; known {
			continue
		}
		size := len(a.Path) + len(a.Resolved)
		if len(l.kept) >= l.max || l.text+size > maxText {
			l.dropped++
			continue
		}
		l.text += size
		l.kept[a] = struct{}{}
	}
}

func (l *log) trace(spots []string, lost bool) *reproducible.Trace {
	return &reproducible.Trace{
		Accesses:   slices.SortedFunc(maps.Keys(l.kept), reproducible.CompareAccess),
		Complete:   l.dropped == 0 && !lost,
		Dropped:    l.dropped,
		BlindSpots: slices.Sorted(slices.Values(spots)),
	}
}
