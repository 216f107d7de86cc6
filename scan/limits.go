package scan

import "time"

// Limits bound what a scan may cost. The zero value of a field means its
// default.
type Limits struct {
	// Entries and Bytes bound the source as a whole; a larger one is refused, for
	// no part of it would speak for the rest. Defaults: 4,000,000 and 256 GiB.
	Entries int64
	Bytes   int64
	// Depth bounds the nesting of directories; default 255. PathBytes bounds the
	// length of a path; default 4,096. What lies beyond is a Gap.
	Depth     int
	PathBytes int
	// FileBytes bounds a file that a scanner wants, for it is held in memory;
	// default 256 MiB. A larger one is a Gap; it is digested all the same.
	FileBytes int64
	// Results bounds the packages and findings, together, of one scanner or
	// matcher; default 1,000,000. Gaps bounds the gaps that are kept; default
	// 10,000.
	Results int
	Gaps    int
	// Call bounds one call of a scanner or matcher; default one minute.
	Call time.Duration
}

func (l Limits) withDefaults() Limits {
	setDefault(&l.Entries, 4_000_000)
	setDefault(&l.Bytes, 256<<30)
	setDefault(&l.Depth, 255)
	setDefault(&l.PathBytes, maxText)
	setDefault(&l.FileBytes, 256<<20)
	setDefault(&l.Results, 1_000_000)
	setDefault(&l.Gaps, 10_000)
	setDefault(&l.Call, time.Minute)
	return l
}

func setDefault[T ~int | ~int64](field *T, value T) {
	if *field == 0 {
		*field = value
	}
}
