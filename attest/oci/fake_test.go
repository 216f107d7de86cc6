package oci_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/oci"
)

// fake is a registry of one repository. Its hooks let a test stand between a
// request and its effect.
type fake struct {
	*httptest.Server
	referrersAPI, etags, noTagList bool

	before func(w http.ResponseWriter, r *http.Request) bool // true: answered

	mu        sync.Mutex
	blobs     map[string][]byte
	manifests map[string][]byte // by digest
	types     map[string]string
	tags      map[string]string
	requests  []string
	refused   int // writes whose If-Match did not hold
}

func newFake(t *testing.T) *fake {
	f := &fake{blobs: map[string][]byte{}, manifests: map[string][]byte{}, types: map[string]string{}, tags: map[string]string{}}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fake) host() string { return strings.TrimPrefix(f.URL, "http://") }

func (f *fake) open(t *testing.T, change ...func(*oci.Registry)) *oci.Store {
	config := oci.Registry{Repository: f.host() + "/team/app", Transport: f.Client().Transport, Insecure: true}
	for _, c := range change {
		c(&config)
	}
	s, err := oci.OpenRegistry(config)
	require.NoError(t, err)
	return s
}

var route = regexp.MustCompile(`^/v2/team/app/(blobs|manifests|referrers|tags)/(.*)$`)

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.before != nil && f.before(w, r) {
		return
	}
	m := route.FindStringSubmatch(r.URL.Path)
	if m == nil {
		http.NotFound(w, r)
		return
	}
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests = append(f.requests, r.Method+" "+m[1])
	switch m[1] {
	case "blobs":
		f.blob(w, r, m[2], body)
	case "manifests":
		f.manifest(w, r, m[2], body)
	case "referrers":
		f.referrers(w, r, m[2])
	case "tags":
		f.listTags(w, r)
	}
}

func (f *fake) blob(w http.ResponseWriter, r *http.Request, name string, body []byte) {
	switch r.Method {
	case http.MethodPost:
		w.Header().Set("Location", r.URL.Path+"1")
		w.WriteHeader(http.StatusAccepted)
	case http.MethodPut:
		f.blobs[r.URL.Query().Get("digest")] = body
		w.WriteHeader(http.StatusCreated)
	default:
		serve(w, r, f.blobs[name], "application/octet-stream", f.blobs[name] != nil)
	}
}

func serve(w http.ResponseWriter, r *http.Request, b []byte, mediaType string, ok bool) {
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Content-Length", fmt.Sprint(len(b)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(b)
	}
}

func (f *fake) manifest(w http.ResponseWriter, r *http.Request, name string, body []byte) {
	key := name
	if sum, ok := f.tags[name]; ok {
		key = sum
	}
	if f.etags && f.manifests[key] != nil {
		w.Header().Set("ETag", `"`+key+`"`)
	}
	if r.Method != http.MethodPut {
		w.Header().Set("Docker-Content-Digest", key)
		serve(w, r, f.manifests[key], f.types[key], f.manifests[key] != nil)
		return
	}
	if match := r.Header.Get("If-Match"); f.etags && match != "" && match != `"`+key+`"` {
		f.refused++
		w.WriteHeader(http.StatusPreconditionFailed)
		return
	}
	f.put(body, r.Header.Get("Content-Type"), name)
	w.WriteHeader(http.StatusCreated)
}

// put stores a manifest. The caller holds the lock, or is alone.
func (f *fake) put(body []byte, mediaType, name string) digest.Digest {
	sum := digest.FromBytes(body)
	f.manifests[sum.String()], f.types[sum.String()] = body, mediaType
	if !strings.Contains(name, ":") && name != "" {
		f.tags[name] = sum.String()
	}
	return sum
}

func (f *fake) referrers(w http.ResponseWriter, r *http.Request, subject string) {
	if !f.referrersAPI {
		http.NotFound(w, r)
		return
	}
	index := ocispec.Index{MediaType: oci.MediaTypeIndex, Manifests: []ocispec.Descriptor{}}
	index.SchemaVersion = 2
	for sum, b := range f.manifests {
		var m ocispec.Manifest
		if json.Unmarshal(b, &m) == nil && m.Subject != nil && string(m.Subject.Digest) == subject {
			d := ocispec.Descriptor{MediaType: f.types[sum], Size: int64(len(b)), ArtifactType: m.ArtifactType}
			set(&d.Digest, sum)
			index.Manifests = append(index.Manifests, d)
		}
	}
	slices.SortFunc(index.Manifests, func(a, b ocispec.Descriptor) int { return strings.Compare(string(a.Digest), string(b.Digest)) })
	b, _ := json.Marshal(index)
	serve(w, r, b, oci.MediaTypeIndex, true)
}

func set[T ~string](field *T, text string) { *field = T(text) }

func (f *fake) listTags(w http.ResponseWriter, r *http.Request) {
	if f.noTagList {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	list := struct {
		Tags []string `json:"tags"`
	}{}
	for tag := range f.tags {
		if tag > r.URL.Query().Get("last") {
			list.Tags = append(list.Tags, tag)
		}
	}
	slices.Sort(list.Tags)
	// Two at a time, so that pages are followed.
	if len(list.Tags) > 2 {
		list.Tags = list.Tags[:2]
		w.Header().Set("Link", "<"+r.URL.Path+"?last="+url.QueryEscape(list.Tags[1])+`>; rel="next"`)
	}
	_ = json.NewEncoder(w).Encode(list)
}
