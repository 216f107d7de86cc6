package layout

import (
	"cmp"
	"crypto"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/in-toto/in-toto-golang/in_toto"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/key"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// layout verifies a layout whose signatures are, against its links.
func (w *work) layout(l *in_toto.Layout, links fs.FS, inspections map[string]Link, depth int, where string) (*Result, error) {
	if depth > w.limits.Depth {
		return nil, exceeded(where, "layouts in each other", int64(w.limits.Depth))
	}
	expires, err := time.Parse(in_toto.ISO8601DateSchema, l.Expires)
	if err != nil || !w.now.Before(expires) {
		return nil, attest.Refuse(CodeExpired, where+"/expires", "after "+w.now.UTC().Format(time.RFC3339), excerpt.Quote(l.Expires))
	}
	keys, err := w.shape(l, inspections, where)
	if err != nil {
		return nil, err
	}
	if w.expires.IsZero() || expires.Before(w.expires) {
		w.expires = expires
	}
	r := &Result{Functionaries: map[string][]digest.Digest{}}
	reports := map[string]*report{}
	for _, s := range l.Steps {
		signers, agreed, err := w.step(s, keys, links, depth, where+"/"+s.Name)
		if err != nil {
			return nil, err
		}
		reports[s.Name], r.Functionaries[s.Name] = agreed, signers
		if agreed.otherCommand {
			r.OtherCommands = append(r.OtherCommands, s.Name)
		}
	}
	for _, s := range l.Steps {
		if err := w.judge(s.SupplyChainItem, reports, where); err != nil {
			return nil, err
		}
	}
	for _, i := range l.Inspect {
		found := inspections[i.Name]
		if reports[i.Name], err = w.newReport(&found, where+"/"+i.Name); err != nil {
			return nil, err
		}
	}
	for _, i := range l.Inspect {
		if err := w.judge(i.SupplyChainItem, reports, where); err != nil {
			return nil, err
		}
	}
	r.Materials, r.Products = reports[l.Steps[0].Name].materials, reports[l.Steps[len(l.Steps)-1].Name].products
	return r, nil
}

// shape checks what a layout is made of and returns its keys.
func (w *work) shape(l *in_toto.Layout, inspections map[string]Link, where string) (map[string]crypto.PublicKey, error) {
	if len(l.Steps) == 0 {
		return nil, attest.Refuse(CodeStep, where+"/steps", "a step", "none")
	}
	if w.steps += len(l.Steps) + len(l.Inspect); w.steps > w.limits.Steps {
		return nil, exceeded(where, "steps in all", int64(w.limits.Steps))
	}
	if len(l.Keys) > w.limits.Keys {
		return nil, exceeded(where, "keys", int64(w.limits.Keys))
	}
	keys := map[string]crypto.PublicKey{}
	for id, k := range l.Keys {
		pub, err := publicKey(k, id)
		if err != nil {
			return nil, err
		}
		keys[id] = pub
	}
	known := map[string]bool{}
	for _, s := range l.Steps {
		if s.Type != "step" || !plain(s.Name) || known[s.Name] {
			return nil, attest.Refuse(CodeStep, where+"/steps", "a step with a plain name of its own", excerpt.Quote(s.Name))
		}
		known[s.Name] = true
		for _, id := range s.PubKeys {
			if keys[id] == nil {
				return nil, attest.Refuse(CodeStep, where+"/"+s.Name, "keys of the layout", excerpt.Quote(id))
			}
		}
		if s.Threshold < 1 {
			return nil, attest.Refuse(CodeStep, where+"/"+s.Name+"/threshold", "at least 1", strconv.Itoa(s.Threshold))
		}
	}
	for _, s := range l.Steps {
		if err := w.readable(s.SupplyChainItem, known, where); err != nil {
			return nil, err
		}
	}
	return keys, w.inspections(l, inspections, known, where)
}

// inspections demands a result for each inspection, and no other.
func (w *work) inspections(l *in_toto.Layout, found map[string]Link, known map[string]bool, where string) error {
	for _, i := range l.Inspect {
		if _, ok := found[i.Name]; !ok {
			return attest.Refuse(CodeInspection, where+"/inspect/"+excerpt.Quote(i.Name), "a result: inspections are not run", "none")
		}
		if i.Type != "inspection" || !plain(i.Name) || known[i.Name] {
			return attest.Refuse(CodeInspection, where+"/inspect", "an inspection with a plain name of its own", excerpt.Quote(i.Name))
		}
		known[i.Name] = true
	}
	if len(found) != len(l.Inspect) {
		return attest.Refuse(CodeInspection, where+"/inspect", strconv.Itoa(len(l.Inspect))+" results", strconv.Itoa(len(found)))
	}
	for _, i := range l.Inspect {
		if err := w.readable(i.SupplyChainItem, known, where); err != nil {
			return err
		}
	}
	return nil
}

// plain reports whether a name can stand in file names and patterns as itself.
func plain(name string) bool {
	return name != "" && len(name) < 128 && name[0] != '.' && !strings.ContainsAny(name, "/\\*?[]{}") && !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd })
}

// readable reads the rules of an item, so that a malformed one is refused before
// any link is looked at.
func (w *work) readable(item in_toto.SupplyChainItem, known map[string]bool, where string) error {
	if w.rules += len(item.ExpectedMaterials) + len(item.ExpectedProducts); w.rules > w.limits.Rules {
		return exceeded(where, "rules in all", int64(w.limits.Rules))
	}
	_, materials := parseRules(item.ExpectedMaterials, known, where+"/"+item.Name+"/expected_materials")
	_, products := parseRules(item.ExpectedProducts, known, where+"/"+item.Name+"/expected_products")
	return errors.Join(materials, products)
}

// judge applies the rules of an item to its report.
func (w *work) judge(item in_toto.SupplyChainItem, reports map[string]*report, where string) error {
	known := map[string]bool{}
	for name := range reports {
		known[name] = true
	}
	var errs []error
	for _, side := range []struct {
		rules    [][]string
		products bool
		name     string
	}{{item.ExpectedMaterials, false, "/expected_materials"}, {item.ExpectedProducts, true, "/expected_products"}} {
		at := where + "/" + item.Name + side.name
		rules, err := parseRules(side.rules, known, at)
		if err == nil {
			err = w.apply(rules, reports[item.Name], side.products, reports, at)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// step finds the links of a step and returns the functionaries that signed them,
// and what they agree on.
func (w *work) step(s in_toto.Step, keys map[string]crypto.PublicKey, links fs.FS, depth int, where string) ([]digest.Digest, *report, error) {
	var signers []digest.Digest
	var agreed *report
	var faults []error
	for _, id := range slices.Compact(slices.Sorted(slices.Values(s.PubKeys))) {
		print, err := key.Fingerprint(keys[id])
		if err != nil {
			return nil, nil, attest.Refuse(CodeKey, where, "a key", excerpt.Quote(id)).Because(err)
		}
		found, fault, err := w.link(s, id, keys[id], links, depth, where)
		if err != nil {
			return nil, nil, err
		}
		if found == nil {
			faults = append(faults, fault)
			continue
		}
		if agreed != nil && (!agreed.materials.equal(found.materials) || !agreed.products.equal(found.products)) {
			return nil, nil, attest.Refuse(CodeDisagree, where, "the same artifacts from all functionaries", "others by "+excerpt.Quote(id))
		}
		agreed = cmp.Or(agreed, found)
		agreed.otherCommand = agreed.otherCommand || found.otherCommand
		if !slices.Contains(signers, print) {
			signers = append(signers, print)
		}
	}
	if len(signers) < s.Threshold {
		short := attest.Refuse(CodeThreshold, where, strconv.Itoa(s.Threshold)+" functionaries", strconv.Itoa(len(signers)))
		return nil, nil, errors.Join(append(faults, short)...)
	}
	return signers, agreed, nil
}

// link reads and verifies the link of one functionary, or the sublayout that stands
// in its place. Without a report, fault tells why the functionary does not count;
// it is nil where there is no file. What a functionary did sign and what cannot be
// used is an error.
func (w *work) link(s in_toto.Step, id string, pub crypto.PublicKey, links fs.FS, depth int, where string) (r *report, fault, err error) {
	name := s.Name + "." + id[:8]
	at := where + " " + name + ".link"
	b, err := w.read(links, name+".link")
	if errors.Is(err, errNoLink) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	d, fault := parseDocument(b, at)
	if fault != nil {
		return nil, fault, nil
	}
	if !d.signedBy(id, pub) {
		return nil, attest.Refuse(CodeSignature, at, "a signature by "+excerpt.Quote(id), "none that verifies"), nil
	}
	if d.link == nil {
		r, err = w.sublayout(d.layout, links, name, depth, at)
		return r, nil, err
	}
	if d.link.Name != s.Name {
		return nil, attest.Refuse(CodeLink, at, s.Name, excerpt.Quote(d.link.Name)), nil
	}
	if r, err = w.newReport(d.link, at); err == nil {
		r.otherCommand = !slices.Equal(r.command, s.ExpectedCommand)
	}
	return r, nil, err
}

// sublayout verifies a layout that a functionary signed in place of a link.
func (w *work) sublayout(l *in_toto.Layout, links fs.FS, name string, depth int, where string) (*report, error) {
	if err := substitute(l, nil); err != nil {
		return nil, err
	}
	below, err := fs.Sub(links, name)
	if err != nil {
		return nil, attest.Refuse(CodeFile, where, "a directory of links", "").Because(err)
	}
	r, err := w.layout(l, below, nil, depth+1, where)
	if err != nil {
		return nil, err
	}
	return &report{materials: r.Materials, products: r.Products}, nil
}

// signedBy reports whether the functionary signed the document.
func (d *document) signedBy(id string, pub crypto.PublicKey) bool {
	for _, s := range d.signatures {
		if s.keyID == id && key.Verify(pub, d.message, s.bytes) == nil {
			return true
		}
	}
	return false
}

// read reads a file of links. The error is errNoLink where there is none.
func (w *work) read(links fs.FS, name string) ([]byte, error) {
	if err := w.alive(); err != nil {
		return nil, err
	}
	f, err := links.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoLink
	}
	if err != nil {
		return nil, attest.Refuse(CodeFile, excerpt.Quote(name), "a readable link", "").Because(err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, w.limits.DocumentBytes+1))
	if err != nil {
		return nil, attest.Refuse(CodeFile, excerpt.Quote(name), "a readable link", "").Because(err)
	}
	return b, w.spendBytes(int64(len(b)), name)
}
