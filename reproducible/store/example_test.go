package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sealwright/sealwright/reproducible/store"
)

func Example() {
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	s, err := store.Open(filepath.Join(dir, "store"), store.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	d, size, err := s.PutFile(context.Background(), strings.NewReader("hello\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d, size)
	text, err := s.ReadFile(context.Background(), d, 100)
	fmt.Printf("%s%v\n", text, err)
	// Output:
	// sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03 6
	// hello
	// <nil>
}
