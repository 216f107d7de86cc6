package report

import (
	"bytes"
	"html/template"
	"io"
	"sync"
	"time"

	"github.com/sealwright/sealwright/policy"
)

var page = sync.OnceValue(func() *template.Template { return template.Must(template.New("page").Parse(source)) })

// HTML writes the decision as one page of HTML that needs nothing else. at and the
// errors are as for Text.
func HTML(w io.Writer, d policy.Decision, at time.Time) error {
	v, err := look(d, at)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := page().Execute(&b, v); err != nil {
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}
