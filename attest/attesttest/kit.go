package attesttest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// A Violation is a clause of a contract that an implementation breaks.
type Violation struct {
	Clause string
	Err    error // how it breaks it
}

// Error tells the clause and how it is broken.
func (v *Violation) Error() string { return v.Clause + ": " + v.Err.Error() }

// Unwrap returns how the clause is broken.
func (v *Violation) Unwrap() error { return v.Err }

// A clause is one sentence of a contract, and how to tell that it is kept.
type clause struct {
	name  string
	check func(context.Context) error
}

// run checks the clause. A panic breaks it: none of the contracts allows one.
func (c clause) run(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &Violation{c.name, fmt.Errorf("panic: %v", p)}
		}
	}()
	if err := c.check(ctx); err != nil {
		return &Violation{c.name, err}
	}
	return nil
}

func checkAll(ctx context.Context, clauses []clause) error {
	var broken []error
	for _, c := range clauses {
		broken = append(broken, c.run(ctx))
	}
	return errors.Join(broken...)
}

func testAll(t *testing.T, clauses []clause) {
	for _, c := range clauses {
		t.Run(c.name, func(t *testing.T) {
			if err := c.run(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// predicateType is that of the kit's statements.
const predicateType = "https://github.com/sealwright/sealwright/attesttest/predicate/v1"

// statement returns the n-th statement of the kit, and a Want that it meets.
func statement(n int) (*attest.Statement, attest.Want) {
	name := "artifact-" + strconv.Itoa(n)
	subject := attest.Descriptor{Name: name, Digest: digest.FromBytes([]byte(name)).Set()}
	s, err := attest.NewStatement(predicateType, map[string]int{"number": n}, subject)
	if err != nil {
		panic(err) // the input is constant
	}
	return s, attest.Want{Subjects: []digest.Set{subject.Digest}, PredicateTypes: []string{predicateType}}
}

// demandCode reports that err does not carry the code.
func demandCode(err error, code attest.Code) error {
	if err == nil {
		return errors.New("no error")
	}
	if !errors.Is(err, attest.Is(code)) {
		return fmt.Errorf("no reason %s in: %w", code, err)
	}
	return nil
}
