package layout

// MatchForTest matches one name.
func MatchForTest(text, name string) (bool, error) {
	p, err := parsePattern(text, "")
	if err != nil {
		return false, err
	}
	return p.match(name), nil
}
