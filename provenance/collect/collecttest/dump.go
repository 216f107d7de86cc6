package collecttest

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// dump writes every text that can be reached from v, through pointers, unexported
// fields and wrapped errors.
func dump(v any) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v %+v %#v\n", v, v, v)
	if err, ok := v.(error); ok {
		b.WriteString(err.Error() + "\n")
		if many, ok := v.(interface{ Unwrap() []error }); ok {
			for _, e := range many.Unwrap() {
				b.WriteString(dump(e))
			}
		} else if cause := errors.Unwrap(err); cause != nil {
			b.WriteString(dump(cause))
		}
	}
	reach(&b, reflect.ValueOf(v), 0)
	return b.String()
}

func reach(b *strings.Builder, v reflect.Value, depth int) {
	if depth > 30 || !v.IsValid() {
		return
	}
	switch v.Kind() {
	case reflect.String:
		b.WriteString(v.String() + "\n")
	case reflect.Pointer, reflect.Interface:
		reach(b, v.Elem(), depth+1)
	case reflect.Struct:
		for i := range v.NumField() {
			reach(b, v.Field(i), depth+1)
		}
	case reflect.Slice, reflect.Array:
		if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 {
			b.Write(v.Bytes())
			return
		}
		for i := range v.Len() {
			reach(b, v.Index(i), depth+1)
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			reach(b, it.Key(), depth+1)
			reach(b, it.Value(), depth+1)
		}
	}
}
