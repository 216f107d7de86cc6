package report

// source is the page. html/template escapes what it is filled with.
const source = `{{define "reasons"}}{{range .}}<dl class="reason">
<dt><code>{{.Code}}</code>{{if .Where}} at <code>{{.Where}}</code>{{end}}</dt>
{{if .Want}}<dd><b>wanted</b> {{.Want}}</dd>
{{end}}{{if .Got}}<dd><b>got</b> {{.Got}}</dd>
{{end}}{{if .Remedy}}<dd><b>remedy</b> {{.Remedy}}</dd>
{{end}}{{if .Evidence}}<dd><b>evidence</b> <code>{{.Evidence}}</code></dd>
{{end}}</dl>
{{end}}{{end -}}
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Decision: {{.Verdict}}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; color: #1a1a1a; background: #fff; }
h1 span { padding: 0 .4em; border-radius: .2em; color: #fff; }
.deny, .violated { background: #a4161a; color: #fff; }
.indeterminate, .undetermined { background: #8a5a00; color: #fff; }
.allow, .satisfied { background: #1b6e32; color: #fff; }
.waived, .not-yet-effective, .not-applicable, .retired { background: #495057; color: #fff; }
.outcome { padding: 0 .4em; border-radius: .2em; font-size: .85em; }
code { overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .2em .6em .2em 0; border-bottom: 1px solid #ddd; overflow-wrap: anywhere; }
.reason { margin: .3em 0 .6em 1em; padding-left: .6em; border-left: 3px solid #ccc; overflow-wrap: anywhere; }
dd { margin-left: 1em; }
dd b { display: inline-block; min-width: 5em; font-weight: 600; }
</style>
</head>
<body>
<h1>Decision: <span class="{{.Class}}">{{.Verdict}}</span></h1>
<p>{{.Summary}}</p>
{{if .Next}}<h2>What to do</h2>
<ul>
{{range .Next}}<li>{{.}}</li>
{{end}}</ul>
{{end}}<table>
{{range .Facts}}<tr><th scope="row">{{.Name}}</th><td>{{.Value}}</td></tr>
{{end}}</table>
{{template "reasons" .Reasons}}<h2>Rules</h2>
{{range .Rules}}<h3><span class="outcome {{.Class}}">{{.Outcome}}</span> {{.ID}}</h3>
{{if .Title}}<p>{{.Title}}</p>
{{end}}{{template "reasons" .Reasons}}{{range .Controls}}<p>control {{.}}</p>
{{end}}{{range .Evidence}}<p>evidence <code>{{.}}</code></p>
{{end}}{{end}}{{if .Waivers}}<h2>Waivers</h2>
<table>
<tr><th>Rule</th><th>State</th><th>Class</th><th>Author</th><th>Approved by</th><th>Until</th><th>Digest</th></tr>
{{range .Waivers}}<tr><td>{{.Rule}}</td><td>{{.State}}{{template "reasons" .Reasons}}</td><td>{{.Class}}</td><td>{{.Author}}</td><td>{{.Approvers}}</td><td>{{.Expires}}</td><td><code>{{.Evidence}}</code></td></tr>
{{end}}</table>
{{end}}{{if .Obligations}}<h2>Obligations</h2>
<table>
<tr><th>Kind</th><th>State</th><th>By</th><th>Id</th></tr>
{{range .Obligations}}<tr><td>{{.Kind}}</td><td>{{.State}}</td><td>{{.Who}}</td><td><code>{{.ID}}</code></td></tr>
{{end}}</table>
{{end}}{{if .Levels}}<h2>Levels</h2>
<ul>
{{range .Levels}}<li>{{.}}</li>
{{end}}</ul>
{{end}}{{if .Evidence}}<h2>Evidence</h2>
<table>
<tr><th>Digest</th><th>Predicate type</th><th>Signers</th><th>Verified by</th><th></th></tr>
{{range .Evidence}}<tr><td><code>{{.Digest}}</code></td><td>{{.Type}}</td><td>{{.Signers}}</td><td>{{.Authority}}</td><td>{{.Used}}</td></tr>
{{end}}</table>
{{end}}</body>
</html>
`
