package strictjson

import "bytes"

// A Checked is one value of a document that this package has checked, and the proof of
// it: nobody else makes one. It shares the document's memory, which must not change. The
// zero Checked stands for no value.
type Checked struct{ part Part }

// CheckedWhole is Whole, with the proof.
func CheckedWhole(data []byte, o Options) (Checked, error) {
	if err := Check(data, o); err != nil {
		return Checked{}, err
	}
	return Checked{bytes.Trim(data, " \t\r\n")}, nil
}

// CheckedFields is Fields, with the proof.
func CheckedFields(data []byte, o Options, names ...string) ([]Checked, error) {
	parts, err := Fields(data, o, names...)
	if err != nil {
		return nil, err
	}
	checked := make([]Checked, len(parts))
	for i, p := range parts {
		checked[i].part = p
	}
	return checked, nil
}

// Part returns the value without the proof.
func (c Checked) Part() Part { return c.part }

// Unmarshal decodes the value into v, as the function of that name does of bytes that
// keep every rule of Check. It holds it against the rules of the Go type alone.
func (c Checked) Unmarshal(v any, allowUnknown bool) error {
	n := len(c.part)
	s := newScanner(c.part, Options{Bytes: n, Depth: maxDepth, Values: n, AllowUnknown: allowUnknown})
	s.keys.distinct = true
	return s.unmarshal(v)
}
