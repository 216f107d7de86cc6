package policy

import "sort"

// order sorts the list, and keeps the order of equal elements. It is a small part of a
// program where slices.SortStableFunc is a large one for each type of element.
func order[T any](list []T, compare func(a, b *T) int) {
	if len(list) < 2 {
		return
	}
	sort.Stable(&ordering{
		len(list),
		func(i, j int) bool { return compare(&list[i], &list[j]) < 0 },
		func(i, j int) { list[i], list[j] = list[j], list[i] },
	})
}

// by makes of a comparison of values one of pointers.
func by[T any](compare func(a, b T) int) func(a, b *T) int {
	return func(a, b *T) int { return compare(*a, *b) }
}

// An ordering is a sort.Interface made of functions.
type ordering struct {
	n    int
	less func(i, j int) bool
	swap func(i, j int)
}

// Len implements sort.Interface.
func (o *ordering) Len() int { return o.n }

// Less implements sort.Interface.
func (o *ordering) Less(i, j int) bool { return o.less(i, j) }

// Swap implements sort.Interface.
func (o *ordering) Swap(i, j int) { o.swap(i, j) }
