package witness

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/tlog"
)

// sizeType is the media type of a 409's body.
const sizeType = "text/x.tlog.size"

// Status returns the HTTP status that tlog-witness demands for an error of
// AddCheckpoint or ParseRequest: 200 for nil and 500 for any without such a code.
func Status(err error) int {
	if err == nil {
		return http.StatusOK
	}
	for status, codes := range map[int][]attest.Code{
		http.StatusBadRequest:          {CodeRequest, CodeSize},
		http.StatusForbidden:           {CodeForbidden},
		http.StatusNotFound:            {CodeUnknownLog},
		http.StatusConflict:            {CodeConflict, CodeFork},
		http.StatusUnprocessableEntity: {CodeInconsistent},
	} {
		for _, code := range codes {
			if errors.Is(err, attest.Is(code)) {
				return status
			}
		}
	}
	return http.StatusInternalServerError
}

// Handler serves a witness: POST add-checkpoint below any prefix that the caller
// strips. The body of a refusal is its code, except for a conflict, whose body is
// the newest size.
func Handler(w *Witness) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /add-checkpoint", w.serve)
	return mux
}

func (w *Witness) serve(rw http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(rw, req.Body, MaxRequest+1))
	if err != nil {
		http.Error(rw, string(CodeRequest), http.StatusBadRequest)
		return
	}
	r, err := ParseRequest(body)
	var lines []byte
	if err == nil {
		lines, err = w.AddCheckpoint(req.Context(), r)
	}
	var conflict *ConflictError
	switch {
	case err == nil:
		rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = rw.Write(lines)
	case errors.As(err, &conflict):
		rw.Header().Set("Content-Type", sizeType)
		rw.WriteHeader(http.StatusConflict)
		_, _ = io.WriteString(rw, strconv.FormatUint(conflict.Size, 10)+"\n")
	default:
		http.Error(rw, string(attest.Reasons(err)[0].Code), Status(err))
	}
}

// A Client asks a witness over HTTP.
type Client struct {
	// Prefix is the witness's submission prefix.
	Prefix string
	// HTTP does the requests.
	HTTP *http.Client
}

// AddCheckpoint sends a request and returns the signature lines, unverified: add
// them with tlog.AddSignatures and judge the result by a policy. A refusal carries
// the code that belongs to its status; a conflict is a *ConflictError.
func (c Client) AddCheckpoint(ctx context.Context, r Request) ([]byte, error) {
	if c.HTTP == nil {
		return nil, attest.Refuse(attest.CodeNil, "Client.HTTP", "an http.Client", "nil")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(c.Prefix, "/")+"/add-checkpoint", bytes.NewReader(r.Marshal()))
	if err != nil {
		return nil, attest.Refuse(CodeResponse, c.Prefix, "a request", "").Because(err)
	}
	res, err := c.HTTP.Do(req)
	if err != nil {
		return nil, attest.Refuse(CodeResponse, c.Prefix, "a response", "").Because(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, tlog.MaxNote+1))
	if err != nil || len(body) > tlog.MaxNote {
		return nil, attest.Refuse(CodeResponse, c.Prefix, "a response of bounded size", "").Because(err)
	}
	return answer(res, body)
}

func answer(res *http.Response, body []byte) ([]byte, error) {
	code := CodeResponse
	switch res.StatusCode {
	case http.StatusOK:
		return body, nil
	case http.StatusConflict:
		text, ended := strings.CutSuffix(string(body), "\n")
		size, err := strconv.ParseUint(text, 10, 64)
		if err == nil && ended && res.Header.Get("Content-Type") == sizeType {
			return nil, &ConflictError{size, *attest.Refuse(CodeConflict, "old size", text, "another")}
		}
	case http.StatusBadRequest:
		code = CodeRequest
	case http.StatusForbidden:
		code = CodeForbidden
	case http.StatusNotFound:
		code = CodeUnknownLog
	case http.StatusUnprocessableEntity:
		code = CodeInconsistent
	}
	return nil, attest.Refuse(code, "response", "a cosignature", "status "+strconv.Itoa(res.StatusCode))
}
