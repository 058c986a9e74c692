package secret_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/onbu/onbu/internal/secret"
)

func TestTheFirstLineIsTheSecret(t *testing.T) {
	for text, want := range map[string]string{
		"geheim": "geheim", "geheim\n": "geheim", "geheim\r\nold": "geheim", " with blanks \n": " with blanks ",
		"": "", "\nsecond": "", strings.Repeat("x", 1<<20): strings.Repeat("x", 64<<10),
	} {
		path := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := secret.Read("--key", path)
		if string(got) != want || (err == nil) != (want != "") {
			t.Errorf("%.20q: got %.20q, %v", text, got, err)
		}
		if err != nil && (!strings.HasPrefix(err.Error(), "--key ") || strings.Contains(err.Error(), "second")) {
			t.Errorf("%q: the error is %q", text, err)
		}
	}
	if _, err := secret.Read("--key", filepath.Join(t.TempDir(), "none")); err == nil || !strings.HasPrefix(err.Error(), "--key: ") {
		t.Errorf("no file: %v", err)
	}
}
