package report

import (
	"io"
	"strings"
	"time"

	"github.com/sealwright/sealwright/policy"
)

// Text writes the decision as plain text, in lines for people. at is when it is read:
// a decision that does not hold then is told as such. The error is that of w, or
// CodeDecision for the zero Decision.
func Text(w io.Writer, d policy.Decision, at time.Time) error {
	v, err := look(d, at)
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString(strings.ToUpper(v.Verdict) + ": " + v.Summary + "\n")
	section(&b, "What to do", v.Next)
	b.WriteByte('\n')
	for _, f := range v.Facts {
		b.WriteString(pad(f.Name+":", 15) + f.Value + "\n")
	}
	for _, r := range v.Reasons {
		b.WriteByte('\n')
		r.write(&b, "")
	}
	b.WriteString("\nRules\n")
	for _, r := range v.Rules {
		b.WriteString("  " + pad("["+r.Outcome+"]", 20) + r.ID)
		if r.Title != "" {
			b.WriteString(": " + r.Title)
		}
		b.WriteByte('\n')
		for _, reason := range r.Reasons {
			reason.write(&b, "      ")
		}
	}
	if len(v.Waivers) > 0 {
		b.WriteString("\nWaivers\n")
	}
	for _, x := range v.Waivers {
		b.WriteString("  [" + x.State + "] " + x.Class + " waiver of " + x.Rule + " until " + x.Expires + ", by " + x.Author)
		if x.Approvers != "" {
			b.WriteString(", approved by " + x.Approvers)
		}
		b.WriteString("\n      " + x.Evidence + "\n")
		for _, reason := range x.Reasons {
			reason.write(&b, "      ")
		}
	}
	var duties, inputs []string
	for _, o := range v.Obligations {
		duties = append(duties, o.Kind+" by "+o.Who+" ("+o.State+") "+o.ID)
	}
	for _, e := range v.Evidence {
		inputs = append(inputs, e.Digest+" "+e.Type+" by "+e.Signers+", verified by "+e.Authority+", "+e.Used)
	}
	section(&b, "Obligations", duties)
	section(&b, "Levels", v.Levels)
	section(&b, "Evidence", inputs)
	_, err = io.WriteString(w, b.String())
	return err
}

func section(b *strings.Builder, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	b.WriteString("\n" + title + "\n")
	for _, l := range lines {
		b.WriteString("  - " + l + "\n")
	}
}

// write tells a reason, each part on its own line.
func (r reason) write(b *strings.Builder, indent string) {
	b.WriteString(indent + r.Code)
	if r.Where != "" {
		b.WriteString(" at " + r.Where)
	}
	b.WriteByte('\n')
	for _, part := range []fact{{"wanted", r.Want}, {"got", r.Got}, {"remedy", r.Remedy}, {"evidence", r.Evidence}} {
		if part.Value != "" {
			b.WriteString(indent + "  " + pad(part.Name+":", 10) + part.Value + "\n")
		}
	}
}

func pad(s string, width int) string { return s + strings.Repeat(" ", max(1, width-len(s))) }
