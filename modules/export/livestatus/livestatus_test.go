package livestatus_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/export/livestatus"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// engine is what stands behind the module in these tests. Any goroutine may use it.
type engine struct {
	mu       sync.Mutex
	view     *view.View
	catalog  *catalog.Catalog
	commands []string
}

// web is a host with a service in trouble and one that is fine; db is down behind it, and of new nobody has heard yet.
func newEngine() *engine {
	policies := []monitor.Policy{
		{Contacts: []uint32{0}, NotificationPeriod: monitor.None, CheckPeriod: monitor.None, EventHandler: monitor.Call{Command: monitor.None}},
		{Contacts: []uint32{1}, NotificationPeriod: monitor.None, CheckPeriod: monitor.None, EventHandler: monitor.Call{Command: monitor.None}},
	}
	inv := &monitor.Inventory{
		Generation: 1, Shards: 1, Options: monitor.Options{Interval: time.Minute}, Policies: policies, Args: [][]string{nil},
		Timeperiods: []monitor.Timeperiod{{Name: "24x7", Ranges: []string{"monday 00:00-24:00"}}},
		Commands:    []monitor.Command{{Name: "ping", Line: "check_ping"}}, Contacts: []monitor.Contact{{Name: "ada"}, {Name: "bob"}},
		Hosts: []monitor.Host{
			{Name: "web", Alias: "the web", Address: "10.0.0.1", Vars: []monitor.Var{{Name: "RACK", Value: "7"}}},
			{Name: "db", Policy: 1, Parents: []monitor.ID{0}},
			{Name: "new", Policy: 1},
		},
		Services: []monitor.Service{{Host: 0, Description: "disk"}, {Host: 0, Description: "http"}, {Host: 1, Description: "sql", Policy: 1}},
	}
	inv.HostGroups = []monitor.Group{{Name: "all", Alias: "everything", Members: []monitor.ID{0, 1}}}
	inv.ServiceGroups = []monitor.Group{{Name: "fronts", Members: []monitor.ID{4}}}
	e := &engine{view: view.New(), catalog: catalog.New([]*monitor.Inventory{inv})}
	on := monitor.ActiveChecks | monitor.Notifications
	e.view.Fill([]monitor.Status{
		{Ref: monitor.Ref{Host: "web"}, LastCheck: 900e9, LastUpdate: 901e9, Switches: on, Output: "UP"},
		{Ref: monitor.Ref{Host: "db"}, State: 1, LastCheck: 900e9, LastUpdate: 901e9, Switches: monitor.ActiveChecks, Output: "gone", Type: monitor.Hard},
		{Ref: monitor.Ref{Host: "web", Service: "disk"}, State: monitor.Critical, LastCheck: 900e9, LastUpdate: 901e9, Switches: on, Output: "full", Ack: monitor.AckSticky},
		{Ref: monitor.Ref{Host: "web", Service: "http"}, LastCheck: 900e9, LastUpdate: 901e9, Switches: on, Output: "fine"},
	}, 902e9)
	return e
}

func (e *engine) outlook() modules.Outlook {
	return modules.Outlook{
		Catalog: func() *catalog.Catalog { return e.catalog },
		View: func() *view.Snapshot {
			e.mu.Lock()
			defer e.mu.Unlock()
			return e.view.Snapshot()
		},
		Obey: func(_ context.Context, line, source string) error {
			if strings.Contains(line, "NONSENSE") {
				return errors.New("there is no such command")
			}
			e.mu.Lock()
			defer e.mu.Unlock()
			e.commands = append(e.commands, source+": "+line)
			return nil
		},
	}
}

// obeyed gives the commands that were carried out.
func (e *engine) obeyed() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.commands)
}

// check has a check made of a host.
func (e *engine) check(host string, state monitor.State, at monitor.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.view.Check(&monitor.Check{Ref: monitor.Ref{Host: host}, Time: at, Started: at, State: state, OwnState: state, Output: "checked"})
}

// define builds the module from settings, a line each.
func define(t testing.TB, e *engine, settings ...string) (*livestatus.Module, error) {
	t.Helper()
	d := &monitor.Module{Name: "live", Type: "livestatus", File: "/etc/onbu/live.cfg", Line: 1}
	for i, s := range settings {
		name, value, _ := strings.Cut(s, " ")
		d.Settings = append(d.Settings, monitor.Setting{Name: name, Value: value, Line: uint32(i + 2)})
	}
	s := modules.Read(d)
	m := livestatus.New(s, modules.Env{Log: slog.New(slog.DiscardHandler), State: t.TempDir(), Metrics: metrics.NewSet()}, e.outlook()).(*livestatus.Module)
	t.Cleanup(func() { m.Close() })
	return m, s.Err()
}

// serving has a module serve on a socket and gives its path.
func serving(t testing.TB, e *engine, settings ...string) string {
	t.Helper()
	return servingAt(t, e, filepath.Join(t.TempDir(), "live"), settings...)
}

func servingAt(t testing.TB, e *engine, path string, settings ...string) string {
	t.Helper()
	m, err := define(t, e, append(settings, "socket "+path)...)
	if err != nil {
		t.Fatal(err)
	}
	history(t, m)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- m.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	for {
		if c, err := net.Dial("unix", path); err == nil {
			c.Close()
			return path
		}
		select {
		case err := <-ended:
			t.Fatal(err)
		case <-time.After(time.Millisecond):
		}
	}
}

// history has two lines written.
func history(t testing.TB, m *livestatus.Module) {
	t.Helper()
	err := m.Export(t.Context(), []monitor.Brok{
		{Kind: monitor.BrokAlert, Time: 950e9, Text: "SERVICE ALERT: web;disk;CRITICAL;HARD;3;full"},
		{Kind: monitor.BrokNotification, Time: 960e9, Text: "SERVICE NOTIFICATION: ada;web;disk;CRITICAL;mail;full"},
		{Kind: monitor.BrokCommand, Time: 970e9, Text: "EXTERNAL COMMAND: SAVE_STATE_INFORMATION"},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// ask sends something, says no more, and gives all that comes back.
func ask(t testing.TB, path, request string) string {
	t.Helper()
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	if err := c.(*net.UnixConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

func TestClientsGetWhatTheyAskFor(t *testing.T) {
	data, err := os.ReadFile("testdata/clients.txt")
	if err != nil {
		t.Fatal(err)
	}
	path := serving(t, newEngine(), "history_days 36500")
	for _, block := range strings.Split(string(data), "\n## ")[1:] {
		name, rest, _ := strings.Cut(block, "\n")
		request, want, told := strings.Cut(strings.TrimRight(rest, "\n"), "\n===\n")
		header, got, _ := strings.Cut(ask(t, path, request+"\n\n"), "\n")
		if header != fmt.Sprintf("200 %11d", len(got)) {
			t.Errorf("%s: header %q of %d bytes: %s", name, header, len(got), got)
			continue
		}
		if told {
			if diff := cmp.Diff(want+"\n", got); diff != "" {
				t.Errorf("%s: (-want +got):\n%s", name, diff)
			}
			continue
		}
		whole(t, name, request, got)
	}
}

// whole says whether each row of an answer has a value for each column.
func whole(t *testing.T, name, request, answer string) {
	t.Helper()
	columns := 0
	for line := range strings.Lines(request) {
		if after, ok := strings.CutPrefix(line, "Columns: "); ok {
			columns += len(strings.Fields(after))
		}
		if strings.HasPrefix(line, "Stats: ") {
			columns++
		}
	}
	var rows [][]any
	if err := json.Unmarshal([]byte(answer), &rows); err != nil {
		t.Errorf("%s: %v: %s", name, err, answer)
	}
	for _, row := range rows {
		if len(row) != columns {
			t.Errorf("%s: %d columns of %d: %v", name, len(row), columns, row)
		}
	}
}

// Nagstamon asks without Columns, and for the names of all of them; it reads until the server closes.
func TestNagstamonGetsAllColumnsAndTheEnd(t *testing.T) {
	path := serving(t, newEngine(), "history_days 36500")
	var rows [][]any
	answer := ask(t, path, "GET services\nFilter: state != 0\nFilter: acknowledged != 1\nNegate:\nOutputFormat: json\nColumnHeaders: on\n\n")
	if err := json.Unmarshal([]byte(answer), &rows); err != nil || len(rows) != 2 {
		t.Fatalf("%d rows, %v: %s", len(rows), err, answer)
	}
	for name, want := range map[string]any{"host_name": "web", "description": "disk", "state": 2.0, "host_state": 0.0, "last_hard_state": 0.0, "host_acknowledged": 0.0} {
		if i := slices.Index(rows[0], any(name)); i < 0 || rows[1][i] != want {
			t.Errorf("%s: column %d", name, i)
		}
	}
}

func TestCommandsAreCarriedOutIfTheyAreAllowed(t *testing.T) {
	e := newEngine()
	path := serving(t, e, "commands 1")
	for request, want := range map[string]string{
		"COMMAND [1] A;b;c d\n":                                             "",
		"COMMAND [2] B\n\nCOMMAND C\nResponseHeader: fixed16\n\n":           "",
		"COMMAND D\nCOMMAND E\nCOMMAND F\n":                                 "", // as Nagstamon sends them
		"COMMAND NONSENSE\n\n":                                              "400: there is no such command\n",
		"COMMAND NONSENSE\n\nGET hosts\nColumns: name\nFilter: name = db\n": "400: there is no such command\ndb\n", // the connection stays
	} {
		if got := ask(t, path, request); got != want {
			t.Errorf("%q: got %q, want %q", request, got, want)
		}
	}
	got := e.obeyed()
	slices.Sort(got)
	want := []string{
		"livestatus unix: B", "livestatus unix: C", "livestatus unix: D", "livestatus unix: E", "livestatus unix: F", "livestatus unix: [1] A;b;c d", "livestatus unix: [2] B",
	}[1:]
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	closed := newEngine()
	if got := ask(t, serving(t, closed), "COMMAND A\n"); !strings.HasPrefix(got, "400: commands are not allowed here") || len(closed.obeyed()) > 0 {
		t.Errorf("got %q, carried out %q", got, closed.obeyed())
	}
}

func TestAConnectionStaysOnlyWhenTheClientWantsItTo(t *testing.T) {
	path := serving(t, newEngine(), "history_days 36500")
	query := "GET hosts\nColumns: name\nFilter: name = web\n"
	for request, want := range map[string]string{
		query + "\n" + query + "\n":                         "web\n",
		query + "KeepAlive: on\n\n" + query + "\n":          "web\nweb\n",
		query + "KeepAlive: on\n\n\n\n" + query:             "web\nweb\n",
		"GET hosts\nKeepAlive: on\nX: y\n\n" + query + "\n": "Undefined request header 'X: y'\nweb\n",
		query + "   \r\nLimit: 1\r\n\n":                     "web\n",
		"GET hosts\nColumns: name":                          "Client connection terminated while request still incomplete\n",
		"\n\n\n":                                            "",
		"LOGROTATE\n\n":                                     "",
		"HELLO\n\n":                                         "Invalid request method\n",
		"GET hosts\n" + strings.Repeat("x", 65530) + "\n\n": "the request is longer than 65536 bytes\n",
	} {
		if got := ask(t, path, request); got != want {
			t.Errorf("%.60q: got %q, want %q", request, got, want)
		}
	}
}

func TestASocketIsForItsOwnerAndGroup(t *testing.T) {
	path := serving(t, newEngine(), "history_days 36500")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// Whoever is of the group has to get to the socket.
func TestTheFolderThatIsMadeForASocketIsTheGroupsToo(t *testing.T) {
	want := os.Getegid()
	if all, _ := os.Getgroups(); len(all) > 0 {
		want = all[len(all)-1]
	}
	if os.Geteuid() == 0 {
		want = 1 // root may give to any group, and has this one
	}
	group, err := user.LookupGroupId(strconv.Itoa(want))
	if err != nil {
		t.Fatal(err)
	}
	made := filepath.Join(t.TempDir(), "run")
	servingAt(t, newEngine(), filepath.Join(made, "onbu", "live"), "socket_group "+group.Name)
	for _, path := range []string{made, filepath.Join(made, "onbu")} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := int(info.Sys().(*syscall.Stat_t).Gid); got != want || info.Mode().Perm() != 0o750 {
			t.Errorf("%s: group %d and %v, want %d and 0750", path, got, info.Mode().Perm(), want)
		}
	}
}

func TestMistakesInADefinitionAreSaid(t *testing.T) {
	for settings, want := range map[string]string{
		"port 70000":                          "/etc/onbu/live.cfg:2: module live (livestatus): port is \"70000\"",
		"socket none":                         "there is neither a socket nor a port",
		"socket /" + strings.Repeat("x", 110): "has 111 characters; Linux takes 107",
		"socket_mode rw":                      "write it in octal digits",
		"tls_cert a.pem":                      "write both tls_cert and tls_key",
		"histroy_days 3":                      "there is no setting histroy_days; did you mean history_days?",
		"allowed_hosts localhost":             "neither an address nor a network",
	} {
		if _, err := define(t, newEngine(), settings); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", settings, err)
		}
	}
	for _, settings := range [][]string{
		nil,
		{"host *", "port 50000", "socket none", "allowed_hosts 127.0.0.1,10.0.0.0/8", "debug /tmp/x", "pnp_path /tmp", "modules logstore-sqlite"}, // Shinken's
		{"port 6557", "commands 1", "history_days 30", "history_max 100M", "max_answer 10M", "query_timeout 5", "service_authorization strict", "group_authorization loose"},
	} {
		if _, err := define(t, newEngine(), settings...); err != nil {
			t.Errorf("%q: %v", settings, err)
		}
	}
}

// answered reads an answer with its fixed16 header from a connection that stays.
func answered(t testing.TB, in *bufio.Reader) string {
	t.Helper()
	header, err := in.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var code, size int
	if _, err := fmt.Sscanf(header, "%d %d", &code, &size); err != nil {
		t.Fatalf("%q: %v", header, err)
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(in, body); err != nil {
		t.Fatal(err)
	}
	return string(body)
}
