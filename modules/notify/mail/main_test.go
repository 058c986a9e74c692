package mail_test

import (
	"flag"
	"os"
	"testing"
	"time"
)

var _ = flag.Bool("rewrite", false, "write what came out into testdata")

// The times in mails are those of the machine's zone, in golden files of UTC.
func TestMain(m *testing.M) {
	time.Local = time.UTC
	os.Exit(m.Run())
}
