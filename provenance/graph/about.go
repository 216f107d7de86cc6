package graph

// tellAbout adds what statements that are no builds say about a node. What they lead to
// is not followed.
func (w *walk) tellAbout(i int) error {
	_, err := w.tell(w.of(i), roleAbout, 0, func() (bool, error) {
		if err := w.source.read(); err != nil {
			return false, err
		}
		c := citing{walk: w, from: i}
		more, err := c.tellAbout()
		return more || c.used, err
	})
	return err
}

func (c *citing) tellAbout() (more bool, err error) {
	switch c.source.shape {
	case shapeSummary:
		return c.tellSummary()
	case shapeBill:
		return c.tellBill()
	case shapeComparison:
		return c.tellCompared()
	}
	return true, nil
}

// subject returns the mention by which w.source is about the node.
func (c *citing) subject() (*mention, error) {
	for k := range c.source.mentions {
		if m := &c.source.mentions[k]; m.role == roleAbout && c.isAbout(m, c.from) {
			return m, nil
		}
	}
	return nil, damaged("a subject in its statement", "none")
}

// named adds a hop to a name that w.source gives.
func (c *citing) named(id uint32, relation role) (more bool, err error) {
	m, err := c.subject()
	if err != nil {
		return false, err
	}
	_, more, err = c.hop(id, m, relation)
	return more, err
}

func (c *citing) tellSummary() (more bool, err error) {
	if maker := c.source.maker; maker > 0 {
		if more, err := c.named(maker-1, roleMaker); err != nil || !more {
			return more, err
		}
	}
	return c.tellMentions(func(m *mention) bool { return m.role == roleEvidence })
}

// tellBill leads to the bill's own name, or to the attestation that holds it.
func (c *citing) tellBill() (more bool, err error) {
	id := c.source.envelope
	if resource := c.source.resource; resource > 0 {
		id = resource - 1
	}
	return c.named(id, roleResource)
}

// tellCompared leads to what another run made under the same path.
func (c *citing) tellCompared() (more bool, err error) {
	subject, err := c.subject()
	if err != nil {
		return false, err
	}
	return c.tellMentions(func(m *mention) bool { return m.role == roleCompared && m.label == subject.label })
}

func (c *citing) tellMentions(which func(*mention) bool) (more bool, err error) {
	for k := range c.source.mentions {
		if m := &c.source.mentions[k]; which(m) {
			if _, more, err := c.mentioned(m); err != nil || !more {
				return more, err
			}
		}
	}
	return true, nil
}
