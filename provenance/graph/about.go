package graph

// tellAbout adds what statements that are no builds say about a node. What they lead to
// is not followed.
func (w *walk) tellAbout(i int) error {
	list, _, err := w.selected(w.of(i), roleAbout)
	if err != nil {
		return err
	}
	for k := range list {
		src := &list[k]
		if err := w.open(src, &w.current); err != nil {
			return err
		}
		switch src.record.shape {
		case shapeSummary:
			err = w.tellSummary(i, src)
		case shapeBill:
			err = w.tellBill(i, src)
		case shapeComparison:
			err = w.tellCompared(i, src)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// subject returns the mention by which a statement is about a node.
func (w *walk) subject(i int, src *source) (*mention, error) {
	for k := range src.record.mentions {
		m := &src.record.mentions[k]
		for _, id := range m.digests {
			if j, ok := w.nodes.get(spot{src.part, id}.id()); m.role == roleAbout && ok && int(j) == i {
				return m, nil
			}
		}
	}
	return nil, damaged("a subject in its statement", "none")
}

// named adds a hop to a name that a statement gives.
func (w *walk) named(i int, src *source, id uint32, rel Relation) error {
	m, err := w.subject(i, src)
	if err != nil || !w.room() {
		return err
	}
	to, err := w.node(spot{src.part, id}, w.answer.Nodes[i].Depth+1)
	if err != nil || to < 0 {
		return err
	}
	return w.hop(Hop{From: i, To: to, Relation: rel}, src, m)
}

func (w *walk) tellSummary(i int, src *source) error {
	if src.record.maker > 0 {
		if err := w.named(i, src, src.record.maker-1, Summary); err != nil {
			return err
		}
	}
	return w.tellMentions(i, src, func(m *mention) bool { return m.role == roleEvidence })
}

// tellBill leads to the bill's own name, or to the attestation that holds it.
func (w *walk) tellBill(i int, src *source) error {
	id := src.record.envelope
	if src.record.resource > 0 {
		id = src.record.resource - 1
	}
	return w.named(i, src, id, Bill)
}

// tellCompared leads to what another run made under the same path.
func (w *walk) tellCompared(i int, src *source) error {
	subject, err := w.subject(i, src)
	if err != nil {
		return err
	}
	return w.tellMentions(i, src, func(m *mention) bool { return m.role == roleCompared && m.label == subject.label })
}

func (w *walk) tellMentions(i int, src *source, which func(*mention) bool) error {
	for k := range src.record.mentions {
		m := &src.record.mentions[k]
		if !which(m) {
			continue
		}
		if !w.room() {
			break
		}
		to, err := w.mentioned(src, m, w.answer.Nodes[i].Depth+1)
		if err != nil {
			return err
		}
		if to < 0 {
			continue
		}
		if err := w.hop(Hop{From: i, To: to, Relation: relationOf(m.role)}, src, m); err != nil {
			return err
		}
	}
	return nil
}
