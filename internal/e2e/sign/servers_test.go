package sign_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/sigstore/fulcio/pkg/ca/ephemeralca"
	"github.com/sigstore/fulcio/pkg/config"
	gw "github.com/sigstore/fulcio/pkg/generated/protobuf"
	fulcio "github.com/sigstore/fulcio/pkg/server"
	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"github.com/sigstore/sigstore/pkg/signature"
	tsa "github.com/sigstore/timestamp-authority/v2/pkg/server"
	"github.com/spf13/viper"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/metadata"
)

// issuer is an OpenID Connect provider.
type issuer struct {
	url string
	key *rsa.PrivateKey
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	i := &issuer{key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q,"id_token_signing_alg_values_supported":["RS256"],"authorization_endpoint":%q,"response_types_supported":["id_token"],"subject_types_supported":["public"]}`, i.url, i.url+"/keys", i.url+"/auth")
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		b64 := base64.RawURLEncoding.EncodeToString
		fmt.Fprintf(w, `{"keys":[{"kty":"RSA","alg":"RS256","use":"sig","kid":"1","n":%q,"e":%q}]}`,
			b64(key.N.Bytes()), b64(big.NewInt(int64(key.E)).Bytes()))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	i.url = server.URL
	return i
}

// token signs an identity token.
func (i *issuer) token(t *testing.T, address string) string {
	t.Helper()
	claims, err := json.Marshal(map[string]any{"iss": i.url, "sub": "4711", "aud": "sigstore", "email": address, "email_verified": true,
		"iat": time.Now().Unix(), "exp": time.Now().Add(10 * time.Minute).Unix()})
	require.NoError(t, err)
	b64 := base64.RawURLEncoding.EncodeToString
	text := b64([]byte(`{"alg":"RS256","kid":"1","typ":"JWT"}`)) + "." + b64(claims)
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, i.key, crypto.SHA256, sum[:])
	require.NoError(t, err)
	return text + "." + b64(sig)
}

// newFulcio starts Fulcio with an authority of its own and no certificate
// transparency log, behind the HTTP gateway that its command starts.
func newFulcio(t *testing.T, i *issuer) (url string, chain []*x509.Certificate) {
	t.Helper()
	cfg, err := config.Read(fmt.Appendf(nil, `{"OIDCIssuers":{%q:{"IssuerURL":%q,"ClientID":"sigstore","Type":"email"}}}`, i.url, i.url))
	require.NoError(t, err)
	ca, err := ephemeralca.NewEphemeralCA()
	require.NoError(t, err)
	bundle, err := ca.TrustBundle(t.Context())
	require.NoError(t, err)
	algorithms, err := signature.NewAlgorithmRegistryConfig([]v1.PublicKeyDetails{v1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256})
	require.NoError(t, err)
	mux := runtime.NewServeMux(runtime.WithMetadata(func(_ context.Context, r *http.Request) metadata.MD {
		return metadata.Pairs(fulcio.MetadataOIDCTokenKey, strings.Replace(r.Header.Get("Authorization"), "Bearer ", "", 1))
	}))
	require.NoError(t, gw.RegisterCAHandlerServer(t.Context(), mux, fulcio.NewGRPCCAServer(nil, ca, algorithms, fulcio.NewIssuerPool(cfg))))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r.WithContext(config.With(r.Context(), cfg)))
	}))
	t.Cleanup(server.Close)
	return server.URL, bundle[0]
}

// newStamper starts the timestamp authority.
func newStamper(t *testing.T) (url string, chain []*x509.Certificate) {
	t.Helper()
	for name, value := range map[string]any{
		"timestamp-signer": "memory", "timestamp-signer-hash": "sha256", "default-policy-oid": "1.3.6.1.4.1.57264.2",
		"accepted-policy-oids": []string{"1.3.6.1.4.1.57264.2"}, "allow-custom-extensions": false,
	} {
		viper.Set(name, value)
	}
	server := httptest.NewServer(tsa.NewRestAPIServer("localhost", 0, []string{"http"}, false, 10*time.Second, 10*time.Second).GetHandler())
	t.Cleanup(server.Close)
	resp, err := http.Get(server.URL + "/api/v1/timestamp/certchain")
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		require.NoError(t, err)
		chain = append(chain, c)
	}
	return server.URL + "/api/v1/timestamp", chain
}

// freePort returns a port that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// newRekor starts Rekor version 2 on files, and returns its URL and key.
func newRekor(t *testing.T) (url string, public *ecdsa.PublicKey) {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "rekor-server")
	out, err := exec.Command("go", "build", "-o", program, "github.com/sigstore/rekor-tiles/v2/cmd/rekor-server/posix").CombinedOutput()
	require.NoError(t, err, "%s", out)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	keyFile := filepath.Join(dir, "key.pem")
	require.NoError(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	port := freePort(t)
	server := exec.Command(program, "serve", "--hostname=localhost", "--http-port="+port, "--grpc-port="+freePort(t), "--http-metrics-port="+freePort(t),
		"--storage-dir="+filepath.Join(dir, "log"), "--signer-filepath="+keyFile, "--checkpoint-interval=1s", "--batch-max-age=100ms", "--log-level=error")
	server.Stdout, server.Stderr = os.Stdout, os.Stderr
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	url = "http://localhost:" + port
	require.Eventually(t, func() bool {
		resp, err := http.Get(url + "/healthz")
		if err == nil {
			resp.Body.Close()
		}
		return err == nil && resp.StatusCode == http.StatusOK
	}, 30*time.Second, 100*time.Millisecond)
	return url, &key.PublicKey
}
