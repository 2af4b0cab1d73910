package fhirpath

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// The file of the Python index that has the published suite, its SHA-256, and
// where the suite is in it.
const (
	suitePackage = "https://files.pythonhosted.org/packages/ba/c3/421db2b3ae388bada065ad6e8d0e05114ad91b5b76ac65cce64817e03609/fhir4ds_v2-0.0.17-py3-none-any.whl"
	suiteSum     = "1e1659582370a2b104b87402f2b69f60f66b7d503701c67812c638d1b8a886c0"
	suiteDir     = "fhir4ds/fhirpath/tests/compliance/r4/"
	fetchTime    = 2 * time.Minute
	maxFile      = 64 << 20
)

// missing ends the test: skipped, unless CAIRN_FHIRPATH=required.
func missing(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CAIRN_FHIRPATH") == "required" {
		t.Fatal(why)
	}
	t.Skip(why)
}

func fetch(t *testing.T, url string) []byte {
	t.Helper()
	client := http.Client{Timeout: fetchTime}
	resp, err := client.Get(url)
	if err != nil {
		missing(t, "the published suite cannot be fetched: "+err.Error())
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxFile))
	if err != nil || resp.StatusCode != http.StatusOK {
		missing(t, "the published suite cannot be fetched: "+resp.Status)
	}
	return data
}

// published is the files of the suite by name, fetched once.
func published(t *testing.T) map[string][]byte {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(cache, "cairn", "fhirpath-"+suiteSum[:16]+".whl")
	data, err := os.ReadFile(file)
	if err != nil {
		data = fetch(t, suitePackage)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != suiteSum {
		t.Fatalf("the package of the published suite is not what it was: SHA-256 %x", sum)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	files, err := archived(data)
	if err != nil {
		t.Fatal(err)
	}
	return files
}
