package policy

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// Only needs that are equal in every field are met together.
func TestNeedsThatDifferInAnyFieldAreMetApart(t *testing.T) {
	full := Need{
		Name: "n", PredicateTypes: []string{"a", "b"}, Signers: []string{"s"}, Threshold: 1,
		MaxAge: time.Hour, TimeAt: "/t", Quantifier: AllMatching,
	}
	numbers := func(a, b Need) int {
		return numberNeeds([]compiled{{needs: []need{{Need: a}}}, {needs: []need{{Need: b}}}})
	}
	assert.Equal(t, 1, numbers(full, full))
	for i := range reflect.TypeFor[Need]().NumField() {
		other := full
		switch f := reflect.ValueOf(&other).Elem().Field(i); f.Kind() {
		case reflect.String:
			f.SetString("other")
		case reflect.Slice:
			f.Set(reflect.ValueOf([]string{"other"}))
		case reflect.Bool:
			f.SetBool(!f.Bool())
		case reflect.Int, reflect.Int64:
			f.SetInt(f.Int() + 1)
		default:
			f.SetUint(f.Uint() + 1)
		}
		assert.Equal(t, 2, numbers(full, other), reflect.TypeFor[Need]().Field(i).Name)
		assert.Equal(t, 2, numbers(other, full), reflect.TypeFor[Need]().Field(i).Name)
	}
	joined := full
	joined.PredicateTypes = []string{`a" "b`}
	assert.Equal(t, 2, numbers(full, joined), "no text stands for two lists")
	full.NotSameAs = []string{"m"}
	assert.Equal(t, 2, numbers(full, full), "what NotSameAs bars depends on the rule")
}
