package arch

import (
	"go/ast"
	"go/token"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A code is one declared rejection code.
type code struct {
	src   source
	ident string
	value string
}

var codeForm = regexp.MustCompile(`^[a-z0-9]+(\.[a-z0-9]+(-[a-z0-9]+)*){2,}$`)

// declaredCodes finds every typed constant of a type named Code.
func declaredCodes(t *testing.T) []code {
	t.Helper()
	var out []code
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			gen, ok := d.(*ast.GenDecl)
			if !ok || gen.Tok != token.CONST {
				continue
			}
			for _, spec := range gen.Specs {
				v := spec.(*ast.ValueSpec)
				if !isCodeType(v.Type) || len(v.Values) != 1 {
					continue
				}
				lit, ok := v.Values[0].(*ast.BasicLit)
				if !assert.True(t, ok, "%s: a code is not a literal", s.at(v)) {
					continue
				}
				value, err := strconv.Unquote(lit.Value)
				require.NoError(t, err)
				assert.NotNil(t, v.Doc, "%s: %s has no comment", s.at(v), v.Names[0].Name)
				assert.Equal(t, "reasons.go", s.name, "%s: %s is not in reasons.go", s.at(v), v.Names[0].Name)
				out = append(out, code{s, v.Names[0].Name, value})
			}
		}
	}
	require.NotEmpty(t, out)
	return out
}

func isCodeType(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name == "Code"
	case *ast.SelectorExpr:
		return e.Sel.Name == "Code"
	}
	return false
}

func TestEveryCodeIsUniqueAndNamedAfterItsRoom(t *testing.T) {
	seen := map[string]string{}
	for _, c := range declaredCodes(t) {
		where := c.src.at(c.src.file) + " " + c.ident
		assert.Regexp(t, codeForm, c.value, where)
		assert.Empty(t, seen[c.value], "%s is declared twice: %s", c.value, where)
		seen[c.value] = where
		room := c.src.pkg.room()
		if rel(c.src.pkg.ImportPath) == "attest/digest" || room == "internal" {
			continue
		}
		assert.Regexp(t, "^("+room+"|digest)\\.", c.value, where)
	}
}

func TestEveryCodeIsCatalogued(t *testing.T) {
	catalogued := map[string]map[string]bool{}
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv != nil || f.Name.Name != "Codes" {
				continue
			}
			names := map[string]bool{}
			ast.Inspect(f.Body, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok {
					names[id.Name] = true
				}
				return true
			})
			catalogued[s.pkg.ImportPath] = names
		}
	}
	for _, c := range declaredCodes(t) {
		assert.True(t, catalogued[c.src.pkg.ImportPath][c.ident], "%s: %s is missing from Codes", c.src.pkg.ImportPath, c.ident)
	}
}

func TestARefusalCarriesADeclaredCode(t *testing.T) {
	for _, s := range sources(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !isRefuse(call.Fun) {
				return true
			}
			_, literal := call.Args[0].(*ast.BasicLit)
			assert.False(t, literal, "%s: Refuse with a literal code", s.at(n))
			return true
		})
	}
}

func isRefuse(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name == "Refuse"
	case *ast.SelectorExpr:
		return e.Sel.Name == "Refuse"
	}
	return false
}
