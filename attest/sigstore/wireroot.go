package sigstore

import "github.com/sealwright/sealwright/attest/chain"

// The types of this file, and the names that their readers give, are the JSON
// mapping of sigstore_trustroot.proto.

type wireRoot struct {
	MediaType   string
	Logs        []wireLog
	Authorities []wireAuthority
	CTLogs      []wireLog
	Timestamps  []wireAuthority
}

type wireLog struct {
	BaseURL       string
	HashAlgorithm string
	Key           *wireKey
	LogID         []byte
}

type wireKey struct {
	Raw     []byte
	Details string
	Window  chain.Window
}

type wireAuthority struct {
	URI    string
	Chain  [][]byte
	Window chain.Window
}

func (r *reader) root(p part) (w wireRoot) {
	var f [5]part
	if !r.object(p, nil, f[:], "mediaType", "tlogs", "certificateAuthorities", "ctlogs", "timestampAuthorities") {
		return w
	}
	w.MediaType = r.text(f[0], nil, "mediaType")
	w.Logs = r.logs(f[1], &place{key: "tlogs"})
	w.Authorities = r.authorities(f[2], &place{key: "certificateAuthorities"})
	w.CTLogs = r.logs(f[3], &place{key: "ctlogs"})
	w.Timestamps = r.authorities(f[4], &place{key: "timestampAuthorities"})
	return w
}

func (r *reader) logs(p part, at *place) (all []wireLog) {
	for it := r.elements(p, at); it.Next(); {
		all = append(all, r.log(it.Value(), &place{up: at, index: it.Index()}))
	}
	return all
}

func (r *reader) authorities(p part, at *place) (all []wireAuthority) {
	for it := r.elements(p, at); it.Next(); {
		all = append(all, r.authority(it.Value(), &place{up: at, index: it.Index()}))
	}
	return all
}

func (r *reader) log(p part, at *place) (w wireLog) {
	var f [6]part
	if !r.object(p, at, f[:], "baseUrl", "hashAlgorithm", "publicKey", "logId", "checkpointKeyId", "operator") {
		return w
	}
	w.BaseURL, w.HashAlgorithm = r.text(f[0], at, "baseUrl"), r.text(f[1], at, "hashAlgorithm")
	w.Key = r.key(f[2], &place{up: at, key: "publicKey"})
	w.LogID = r.raw(f[3], &place{up: at, key: "logId"}, "keyId")
	r.raw(f[4], &place{up: at, key: "checkpointKeyId"}, "keyId")
	r.text(f[5], at, "operator")
	return w
}

func (r *reader) key(p part, at *place) *wireKey {
	var f [3]part
	if !r.object(p, at, f[:], "rawBytes", "keyDetails", "validFor") {
		return nil
	}
	return &wireKey{r.bytes(f[0], at, "rawBytes"), r.text(f[1], at, "keyDetails"), r.window(f[2], &place{up: at, key: "validFor"})}
}

func (r *reader) window(p part, at *place) (w chain.Window) {
	var f [2]part
	if r.object(p, at, f[:], "start", "end") {
		w.Start, w.End = r.instant(f[0], at, "start"), r.instant(f[1], at, "end")
	}
	return w
}

// authority reads an authority; its subject is a name for people.
func (r *reader) authority(p part, at *place) (w wireAuthority) {
	var f [5]part
	if !r.object(p, at, f[:], "subject", "uri", "certChain", "validFor", "operator") {
		return w
	}
	w.URI = r.text(f[1], at, "uri")
	var one [1]part
	if in := (place{up: at, key: "certChain"}); r.object(f[2], &in, one[:], "certificates") {
		w.Chain = r.raws(one[0], &place{up: &in, key: "certificates"}, "rawBytes")
	}
	w.Window = r.window(f[3], &place{up: at, key: "validFor"})
	r.text(f[4], at, "operator")
	return w
}
