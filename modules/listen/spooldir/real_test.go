package spooldir_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/internal/serve/sinktest"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/listen/spooldir"
)

// The real NSCA daemon writes into the folder what the real send_nsca sends it.
func TestReadsWhatTheRealNSCAWrites(t *testing.T) {
	daemon, client := realpeer.Program(t, "nsca", "nsca"), realpeer.Program(t, "send_nsca", "nsca-client")
	dir, spool, port := realpeer.Dir(t), t.TempDir(), realpeer.Port(t)
	server := realpeer.File(t, dir, "nsca.cfg", fmt.Sprintf("server_address=127.0.0.1\nserver_port=%d\npassword=x\ndecryption_method=1\ncheck_result_path=%s\npid_file=%s/pid\n",
		port, spool, dir))
	sender := realpeer.File(t, dir, "send_nsca.cfg", "password=x\nencryption_method=1\n")
	realpeer.Start(t, daemon, "-f", "-c", server, "--single").Listening(t, fmt.Sprint("127.0.0.1:", port))
	send := exec.Command(client, "-H", "127.0.0.1", "-p", fmt.Sprint(port), "-c", sender)
	send.Stdin = strings.NewReader("web1\tdisk\t2\tfull C:\\new\nmore|/=99%\x17web1\t1\tdown\x17")
	if out, err := send.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var sink sinktest.Sink
	s := modules.Read(sinktest.Define("spool", "check_results_dir", "path "+spool, "interval 100ms"))
	l := spooldir.New(s, sinktest.Env())
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	sinktest.Listen(t, l, &sink, "")
	got := map[string]string{}
	sink.Await(2)
	for _, r := range sink.Results() {
		got[r.Ref.String()] = fmt.Sprintf("%d %q %q %q", r.State, r.Output, r.LongOutput, r.Perfdata)
	}
	if diff := cmp.Diff(map[string]string{"web1/disk": `2 "full C:\\new" "more" "/=99%"`, "web1": `1 "down" "" ""`}, got); diff != "" {
		t.Error(diff)
	}
}
