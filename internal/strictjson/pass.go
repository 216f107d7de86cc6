package strictjson

// What no Go type waits for is passed: held against every rule of the package, and no
// more. Where the reader stands goes from function to function, and not by way of the
// scanner, because most of most documents is read here.

// pass passes the value at at and the space before it. It returns where the value ends.
func (s *scanner) pass(at int) (int, *Error) {
	at = s.blank(at)
	if at == len(s.data) {
		return at, s.refuse(at, CauseSyntax, "a value")
	}
	if s.values--; s.values < 0 {
		return at, s.tooMany(at)
	}
	switch c := s.data[at]; c {
	case '{', '[':
		return s.passNested(at, c)
	case '"':
		t, err := s.quoted(at)
		if err != nil {
			return at, err
		}
		at = t.end + 1
	default:
		s.pos = at
		if err := s.scalar(c); err != nil {
			return at, err
		}
		at = s.pos
	}
	if s.stop > 0 && at >= s.stop {
		return at, &Error{}
	}
	return at, nil
}

// passNested passes the array or object that c opens at at.
func (s *scanner) passNested(at int, c byte) (end int, err *Error) {
	if s.depth == 0 {
		return at, s.tooDeep(at)
	}
	s.depth--
	if c == '{' {
		end, err = s.passObject(at + 1)
	} else {
		end, err = s.passArray(at + 1)
	}
	s.depth++
	return end, err
}

func (s *scanner) passArray(at int) (int, *Error) {
	at, more := s.begins(at, ']')
	for index := 0; more; index++ {
		var err *Error
		from := s.blank(at)
		if at, err = s.pass(from); err != nil {
			s.path = append(s.path, segment{index: index})
			return at, err
		}
		if s.depth == s.outer {
			s.parts = append(s.parts, s.data[from:at:at])
		}
		if s.is(at, ',') { // mostly so
			at++
		} else if at, more, err = s.goesOn(at, ']'); err != nil {
			return at, err
		}
	}
	return at, nil
}

func (s *scanner) passObject(at int) (int, *Error) {
	s.keys.open()
	at, more := s.begins(at, '}')
	for more {
		name, err := s.key(at)
		if err != nil {
			return at, err
		}
		if at, err = s.passMember(name); err != nil {
			return at, err
		}
		if s.is(at, ',') {
			at++
		} else if at, more, err = s.goesOn(at, '}'); err != nil {
			return at, err
		}
	}
	s.keys.close()
	return at, nil
}

// passMember passes the value of the key that was just read, and the colon before it.
func (s *scanner) passMember(name span) (at int, err *Error) {
	field := -1
	if s.depth == s.outer {
		field, err = s.wanted(name)
	}
	if at = s.blank(name.end + 1); err == nil && !s.is(at, ':') {
		err = s.refuse(at, CauseSyntax, "a colon")
	}
	from := s.blank(at + 1)
	if err == nil {
		at, err = s.pass(from)
	}
	if err != nil {
		s.path = append(s.path, segment{key: name.plain(s.data)})
		return at, err
	}
	if field >= 0 {
		s.parts[field] = s.data[from:at:at]
	}
	return at, nil
}

// begins passes end, if it stands at at and the array or object is empty.
func (s *scanner) begins(at int, end byte) (next int, more bool) {
	if at = s.blank(at); s.is(at, end) {
		return at + 1, false
	}
	return at, true
}

// goesOn passes what follows a value in an array or object: a comma if there is more, or
// end.
func (s *scanner) goesOn(at int, end byte) (next int, more bool, err *Error) {
	at = s.blank(at)
	switch {
	case s.is(at, end):
		return at + 1, false, nil
	case s.is(at, ','):
		return at + 1, true, nil
	case end == ']':
		return at, false, s.refuse(at, CauseSyntax, "a comma or the array's end")
	}
	return at, false, s.refuse(at, CauseSyntax, "a comma or the object's end")
}

// is reports whether c stands at at.
func (s *scanner) is(at int, c byte) bool { return at < len(s.data) && s.data[at] == c }

// blank returns the index of the first byte from at on that is no space.
func (s *scanner) blank(at int) int {
	if at < len(s.data) && s.data[at] > ' ' {
		return at
	}
	return s.blanks(at)
}

func (s *scanner) blanks(at int) int {
	for at < len(s.data) && (s.data[at] == ' ' || s.data[at] == '\n' || s.data[at] == '\t' || s.data[at] == '\r') {
		at++
	}
	return at
}
