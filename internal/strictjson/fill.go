package strictjson

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
)

// Unmarshal fills its target while it reads the document. What is rare, or what a
// Go type refuses, it leaves to encoding/json, which then reads the document again
// and has the last word.

// leave notes that encoding/json must fill the target.
func (s *scanner) leave() reflect.Value {
	s.unfilled = true
	return reflect.Value{}
}

// reach returns where a value that begins with c goes: behind the target's pointers,
// which it makes. It is not valid where nothing is to be filled.
func (s *scanner) reach(p *plan, target reflect.Value, c byte) reflect.Value {
	if !target.IsValid() || s.unfilled {
		return reflect.Value{}
	}
	if p == nil || p.isInterface || p.quoted {
		return s.leave()
	}
	for target.Kind() == reflect.Pointer && c != 'n' {
		if target.IsNil() {
			target.Set(reflect.New(target.Type().Elem()))
		}
		target = target.Elem()
	}
	return target
}

// begin makes target, if it is a nil slice or map, an empty one.
func begin(target reflect.Value) {
	switch {
	case target.Kind() == reflect.Slice && target.IsNil():
		target.Set(reflect.MakeSlice(target.Type(), 0, 0))
	case target.Kind() == reflect.Map && target.IsNil():
		target.Set(reflect.MakeMap(target.Type()))
	}
}

// element returns where the i-th element of an array goes.
func element(target reflect.Value, i int) reflect.Value {
	switch {
	case target.Kind() == reflect.Array && i < target.Len():
		return target.Index(i)
	case target.Kind() == reflect.Slice:
		if i == target.Cap() {
			target.Grow(growth(target))
		}
		target.SetLen(i + 1)
		return target.Index(i)
	}
	return reflect.Value{}
}

// growth tells by how many elements at least a full slice must grow.
func growth(slice reflect.Value) int {
	const small = 64
	if slice.Len() == 0 && slice.Type().Elem().Size() <= small {
		return 4
	}
	return 1
}

// room returns where the value of an object's member goes: into the struct's field
// with that index, or to be put into the map.
func (s *scanner) room(p *plan, target reflect.Value, index int) reflect.Value {
	switch {
	case p != nil && p.isTexts:
		return reflect.Value{} // put needs none
	case target.Kind() == reflect.Map:
		return reflect.New(target.Type().Elem()).Elem()
	case target.Kind() != reflect.Struct || index < 0:
		return reflect.Value{}
	}
	for _, i := range p.fields[index].outer {
		if target = target.Field(i); target.Kind() != reflect.Struct {
			return s.leave() // embedded by a pointer
		}
	}
	if target = target.Field(p.fields[index].at); !target.CanSet() {
		return s.leave()
	}
	return target
}

// put puts the member that was just read into the map target: its value is into, or the
// text that begins at start.
func (s *scanner) put(p *plan, target reflect.Value, raw span, into reflect.Value, start int) {
	key := s.keep(raw.plain(s.data))
	switch {
	case p.isTexts:
		target.Interface().(map[string]string)[key] = s.keep(Part(s.data[start:s.pos]).plain())
	case into.IsValid():
		target.SetMapIndex(reflect.ValueOf(key).Convert(target.Type().Key()), into)
	}
}

// fill puts the scalar that was read from start on into target.
func (s *scanner) fill(p *plan, target reflect.Value, start int) {
	raw := s.data[start:s.pos:s.pos]
	switch {
	case raw[0] == 'n' && (target.Kind() == reflect.Pointer || !p.isOpaque):
		target.SetZero()
	case p.isOpaque:
		s.hand(p, target, start)
	case raw[0] == '"':
		s.fillText(p, target, start)
	case target.Kind() == reflect.Bool:
		target.SetBool(raw[0] == 't')
	case !setNumber(target, string(raw)):
		s.leave()
	}
}

func (s *scanner) fillText(p *plan, target reflect.Value, start int) {
	text := Part(s.data[start:s.pos]).plain()
	switch {
	case p.isText:
		if target.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText(text) != nil {
			s.leave()
		}
	case p.isBytes:
		b, err := Part(s.data[start:s.pos]).Base64([]byte{})
		if err != nil {
			s.leave()
		}
		target.SetBytes(b)
	default:
		target.SetString(s.keep(text))
	}
}

// Short texts share memory, so that not each of them has to be allocated. Who keeps one
// keeps at most mostShared bytes of others.
const (
	mostShared = 512
	mostShort  = mostShared / 4
)

// keep returns text as a string.
func (s *scanner) keep(text []byte) string {
	if len(text) > mostShort {
		return string(text)
	}
	if s.texts.Cap()-s.texts.Len() < len(text) {
		s.texts.Reset()
		s.texts.Grow(min(mostShared, len(s.data)))
	}
	start := s.texts.Len()
	s.texts.Write(text)
	return s.texts.String()[start:]
}

// setNumber reports whether target holds the number.
func setNumber(target reflect.Value, text string) bool {
	switch {
	case target.CanInt():
		n, err := strconv.ParseInt(text, 10, target.Type().Bits())
		target.SetInt(n)
		return err == nil
	case target.CanUint():
		n, err := strconv.ParseUint(text, 10, target.Type().Bits())
		target.SetUint(n)
		return err == nil
	case target.CanFloat():
		n, err := strconv.ParseFloat(text, target.Type().Bits())
		target.SetFloat(n)
		return err == nil
	case target.Kind() == reflect.String:
		target.SetString(text) // json.Number
		return true
	}
	return false
}

// hand gives the value that was read from start on to target's own unmarshaler.
func (s *scanner) hand(p *plan, target reflect.Value, start int) {
	own, ok := target.Addr().Interface().(json.Unmarshaler)
	if !ok || own.UnmarshalJSON(s.data[start:s.pos:s.pos]) != nil {
		s.leave()
	}
}
