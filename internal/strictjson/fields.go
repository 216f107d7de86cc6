package strictjson

import "reflect"

// Fields checks data, which must be an object, and returns the values of the named keys:
// parts[i] is the value of names[i], and nil where the key is absent. Keys are judged as
// Unmarshal judges those of a struct with these fields. It is for documents with a large
// part that somebody else reads. The error is an *Error.
func Fields(data []byte, o Options, names ...string) (parts []Part, err error) {
	return take(data, o, kindObject, names, make([]Part, len(names)))
}

// Elements checks data, which must be an array, and returns its elements. The
// error is an *Error.
func Elements(data []byte, o Options) (parts []Part, err error) {
	return take(data, o, kindArray, nil, []Part{})
}

// take checks data, which must be of the kind k, and puts what stands in it into parts.
func take(data []byte, o Options, k kind, names []string, parts []Part) ([]Part, error) {
	s := newScanner(data, o)
	s.outermost, s.names, s.parts = k, names, parts
	s.outer = s.depth - 1
	if err := s.document(nil, reflect.Value{}); err != nil {
		return nil, err
	}
	return s.parts, nil
}

// wanted returns which of the names the key is, -1 for none.
func (s *scanner) wanted(key span) (int, *Error) {
	name := key.plain(s.data)
	if i := indexOf(s.names, name); i >= 0 {
		return i, nil
	}
	return -1, unknownKey(s.limits.AllowUnknown, s.names, name, key.end+1)
}
