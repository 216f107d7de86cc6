package main

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/semver"
)

func TestVersionsAreSortedAndOtherLinesAreTold(t *testing.T) {
	versions, bad, err := read(strings.NewReader("v1.10.0\nv1.9.0\n\nnine\nv2.0.0-rc.1\n"), false)
	if err != nil {
		t.Fatal(err)
	}
	semver.Sort(versions)
	if want := []string{"v1.9.0", "v1.10.0", "v2.0.0-rc.1"}; !slices.Equal(versions, want) {
		t.Errorf("got %v, want %v", versions, want)
	}
	if !slices.Equal(bad, []string{"nine"}) {
		t.Errorf("bad lines: %v", bad)
	}
}

func TestStableLeavesOutPreReleases(t *testing.T) {
	versions, _, err := read(strings.NewReader("v2.0.0-rc.1\nv1.0.0\n"), true)
	if err != nil || !slices.Equal(versions, []string{"v1.0.0"}) {
		t.Errorf("got %v, %v", versions, err)
	}
}
