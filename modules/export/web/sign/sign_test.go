package sign_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/modules/export/web/sign"
)

// cheap is what passwords cost in tests.
func cheap() sign.Work { return sign.Work{Memory: 8, Passes: 1, Threads: 1} }

// yard is a gate with a users file and somebody who asks.
type yard struct {
	t       *testing.T
	gate    *sign.Gate
	options sign.Options
	log     *bytes.Buffer
	counted *metrics.Set
	jar     []*http.Cookie
}

// newYard has ada (command, password "a horse") and bob (read, "a stable"), and eve who comes through a proxy (admin).
func newYard(t *testing.T, change func(*sign.Options)) *yard {
	y := &yard{t: t, log: &bytes.Buffer{}, counted: metrics.NewSet()}
	dir := t.TempDir()
	y.options = sign.Options{
		Users: filepath.Join(dir, "users"), State: filepath.Join(dir, "state"), Idle: time.Hour, Lifetime: 24 * time.Hour,
		Log: slog.New(slog.NewTextHandler(y.log, nil)), Metrics: y.counted, Name: "pages",
	}
	if change != nil {
		change(&y.options)
	}
	y.write("ada:command:"+sign.Hash("a horse", cheap()), "bob:read:"+sign.Hash("a stable", cheap()), "eve:admin:*")
	y.gate = sign.New(y.options)
	return y
}

func (y *yard) write(lines ...string) {
	y.t.Helper()
	if err := os.WriteFile(y.options.Users, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		y.t.Fatal(err)
	}
}

// change writes the users anew, and waits until the gate looks again.
func (y *yard) change(name string, how func(*sign.User)) {
	y.t.Helper()
	err := sign.Edit(y.options.Users, func(l *sign.List) error {
		u, err := l.Find(name)
		if err != nil {
			return err
		}
		how(u)
		return l.Put(u)
	})
	if err != nil {
		y.t.Fatal(err)
	}
	time.Sleep(2 * time.Second)
}

// request is one with the cookies of the jar, from an address.
func (y *yard) request(from string, head ...string) *http.Request {
	r := httptest.NewRequest("GET", "/ui/problems", nil)
	r.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr(from), 40000).String()
	for _, c := range y.jar {
		r.AddCookie(c)
	}
	for _, h := range head {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	return r
}

// signIn tries a password, and keeps the cookie.
func (y *yard) signIn(name, password string) error {
	w := httptest.NewRecorder()
	err := y.gate.SignIn(w, y.request("192.0.2.1"), name, password)
	y.take(w)
	return err
}

func (y *yard) take(w *httptest.ResponseRecorder) {
	for _, c := range w.Result().Cookies() {
		y.jar = nil
		if c.MaxAge >= 0 {
			y.jar = []*http.Cookie{{Name: c.Name, Value: c.Value}}
		}
	}
}

func (y *yard) who() sign.Person { return y.gate.Who(y.request("192.0.2.1")) }

func (y *yard) want(what string, want sign.Person) {
	y.t.Helper()
	if got := y.who(); got != want {
		y.t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

var nobody, ada = sign.Person{}, sign.Person{Name: "ada", Role: sign.Command}

func TestASessionLastsAsLongAsItIsUsedAndNotLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newYard(t, nil)
		y.want("before", nobody)
		if err := y.signIn("ada", "a horse"); err != nil {
			t.Fatal(err)
		}
		y.want("signed in", ada)
		for range 30 { // half an hour each
			time.Sleep(30 * time.Minute)
			y.want("in use", ada)
			w := httptest.NewRecorder()
			y.gate.Seen(w, y.request("192.0.2.1"))
			y.take(w)
		}
		time.Sleep(59 * time.Minute)
		y.want("idle for nearly an hour", ada)
		time.Sleep(time.Minute)
		y.want("idle for an hour", nobody)

		if err := y.signIn("ada", "a horse"); err != nil {
			t.Fatal(err)
		}
		for range 47 {
			time.Sleep(30 * time.Minute)
			w := httptest.NewRecorder()
			y.gate.Seen(w, y.request("192.0.2.1"))
			y.take(w)
		}
		y.want("a little before a day", ada)
		time.Sleep(30 * time.Minute)
		y.want("after a day, though it was used", nobody)
	})
}

func TestTheCookieIsForThisServerAlone(t *testing.T) {
	y := newYard(t, nil)
	w := httptest.NewRecorder()
	if err := y.gate.SignIn(w, y.request("192.0.2.1"), "ada", "a horse"); err != nil {
		t.Fatal(err)
	}
	c := w.Result().Cookies()[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Secure || c.Path != "" || c.Domain != "" {
		t.Errorf("got %s", c)
	}
	if strings.Contains(y.log.String(), c.Value) || strings.Contains(y.log.String(), "a horse") {
		t.Errorf("a secret is in the log: %s", y.log)
	}
	info, err := os.Stat(filepath.Join(y.options.State, "session-key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key: %v %v", info, err)
	}
}

// Each row is somebody who would like to be ada.
func TestCookiesThatAreNotTheServersCountForNothing(t *testing.T) {
	y := newYard(t, nil)
	if err := y.signIn("ada", "a horse"); err != nil {
		t.Fatal(err)
	}
	good := *y.jar[0]
	other := newYard(t, nil)
	other.write("ada:command:" + sign.Hash("another", cheap()))
	if err := other.signIn("ada", "another"); err != nil {
		t.Fatal(err)
	}
	for what, value := range map[string]string{
		"of another key": other.jar[0].Value, "empty": "", "no base64": "§$%", "short": good.Value[:20], "long": strings.Repeat("A", 5000),
		"a letter changed": good.Value[:30] + string(good.Value[30]^1) + good.Value[31:], "a letter more": good.Value + "A", "unsigned": good.Value[:len(good.Value)-43],
	} {
		y.jar = []*http.Cookie{{Name: good.Name, Value: value}}
		y.want(what, nobody)
	}
	y.jar = []*http.Cookie{{Name: good.Name, Value: "rubbish"}, &good}
	y.want("the good one behind a bad one of a folder above", ada)
}

func TestWhatEndsSessions(t *testing.T) {
	for what, act := range map[string]func(*yard){
		"another role":                func(y *yard) { y.change("ada", func(u *sign.User) { u.Role = sign.Read }) },
		"another password":            func(y *yard) { y.change("ada", func(u *sign.User) { u.Hash = sign.Hash("new", cheap()) }) },
		"the same password, set anew": func(y *yard) { y.change("ada", func(u *sign.User) { u.Hash = sign.Hash("a horse", cheap()) }) },
		"removal": func(y *yard) {
			y.write("bob:read:*")
			time.Sleep(2 * time.Second)
		},
		"the file is gone": func(y *yard) {
			_ = os.Remove(y.options.Users)
			time.Sleep(2 * time.Second)
		},
		"signing out": func(y *yard) { y.gate.SignOut(httptest.NewRecorder(), y.request("192.0.2.1")) },
		"signing out, then a restart": func(y *yard) {
			y.gate.SignOut(httptest.NewRecorder(), y.request("192.0.2.1"))
			y.gate = sign.New(y.options)
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			y := newYard(t, nil)
			if err := y.signIn("ada", "a horse"); err != nil {
				t.Fatal(err)
			}
			y.want("before", ada)
			act(y)
			y.want(what, nobody) // with the old cookie
		})
	}
}

func TestWhatDoesNotEndASession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newYard(t, nil)
		if err := y.signIn("ada", "a horse"); err != nil {
			t.Fatal(err)
		}
		y.change("bob", func(u *sign.User) { u.Role = sign.Admin })
		y.want("somebody else's role", ada)
		y.gate = sign.New(y.options)
		y.want("a restart", ada)
	})
}

func TestBrokersWithOneKeyShareSessions(t *testing.T) {
	shared := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(shared, []byte(strings.Repeat("k", 40)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	one := newYard(t, func(o *sign.Options) { o.Key = shared })
	two := newYard(t, func(o *sign.Options) { o.Key, o.Users = shared, one.options.Users })
	one.gate = sign.New(one.options) // newYard has written the users anew
	if err := one.signIn("ada", "a horse"); err != nil {
		t.Fatal(err)
	}
	two.jar = one.jar
	two.want("at the other broker", ada)
}

func TestAKeyThatIsTooShortSignsNothing(t *testing.T) {
	short := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(short, []byte("CHANGE_ME\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	y := newYard(t, func(o *sign.Options) { o.Key = short })
	if err := y.signIn("ada", "a horse"); err != sign.ErrNoKey || !strings.Contains(y.log.String(), "openssl rand") || strings.Contains(y.log.String(), "CHANGE_ME") {
		t.Errorf("got %v, log %s", err, y.log)
	}
}

// Nobody learns from the answer which names there are.
func TestRefusalsDoNotTellNamesApart(t *testing.T) {
	y := newYard(t, nil)
	for _, try := range [][2]string{{"ada", "wrong"}, {"nobody", "wrong"}, {"eve", "*"}, {"", ""}, {"a:b", "x"}, {"ada\nbob", "x"}, {"ada", strings.Repeat("x", 5000)}, {"Ада", "x"}} {
		if err := y.signIn(try[0], try[1]); err != sign.ErrWrong {
			t.Errorf("%q: got %v, want %v", try[0], err, sign.ErrWrong)
		}
	}
	if strings.Contains(y.log.String(), "ada\\nbob") {
		t.Errorf("the log holds what cannot be a name: %s", y.log)
	}
}

// A flood costs a bounded number of tries, and whoever has signed in before from where he is can still do so.
func TestTenThousandWrongPasswords(t *testing.T) {
	for what, from := range map[string]func(i int) string{
		"from one address":            func(int) string { return "198.51.100.7" },
		"from one network of IPv6":    func(i int) string { return fmt.Sprintf("2001:db8::%x", i+1) },
		"from ten thousand addresses": func(i int) string { return fmt.Sprintf("10.1.%d.%d", i/250, i%250+1) },
	} {
		for whom, name := range map[string]func(i int) string{
			"for one name":   func(int) string { return "ada" },
			"for many names": func(i int) string { return fmt.Sprint("user", i) },
		} {
			synctest.Test(t, func(t *testing.T) {
				y := newYard(t, nil)
				if err := y.signIn("ada", "a horse"); err != nil {
					t.Fatal(err)
				}
				tried := 0
				for i := range 10000 {
					err := y.gate.SignIn(httptest.NewRecorder(), y.request(from(i)), name(i), "wrong")
					switch err.(type) {
					case sign.Wait:
					default:
						tried++
					}
				}
				if tried < 5 || tried > 40 {
					t.Errorf("%s, %s: %d were tried", what, whom, tried)
				}
				if n := y.counted.GetOrCreateCounter(`onbu_web_sign_ins_refused_total{module="pages",why="too_often"}`).Get(); int(n) != 10000-tried {
					t.Errorf("%s, %s: %d were counted as too many", what, whom, n)
				}
				if n := strings.Count(y.log.String(), "\n"); n > tried+5 {
					t.Errorf("%s, %s: %d lines in the log", what, whom, n)
				}
				if err := y.signIn("ada", "a horse"); err != nil {
					t.Errorf("%s, %s: ada herself: %v", what, whom, err)
				}
				time.Sleep(time.Hour)
				if err := y.gate.SignIn(httptest.NewRecorder(), y.request(from(0)), "bob", "a stable"); err != nil {
					t.Errorf("%s, %s: an hour later: %v", what, whom, err)
				}
			})
		}
	}
}

func proxied(o *sign.Options) {
	o.Proxy = sign.Proxy{
		Header: "X-Remote-User", RoleHeader: "X-Remote-Role", Role: sign.Read,
		Trusted: func(a netip.Addr) bool {
			return a == netip.MustParseAddr("10.0.0.1") || a == netip.MustParseAddr("10.0.0.2")
		},
	}
}

func TestAProxyThatIsBelievedSaysWhoItIs(t *testing.T) {
	y := newYard(t, proxied)
	for _, test := range []struct {
		what, from string
		head       []string
		want       sign.Person
	}{
		{"in the file", "10.0.0.1", []string{"X-Remote-User: ada"}, sign.Person{Name: "ada", Role: sign.Command, Proxied: true}},
		{"without a password", "10.0.0.1", []string{"X-Remote-User: eve", "X-Remote-Role: read"}, sign.Person{Name: "eve", Role: sign.Admin, Proxied: true}},
		{"not in the file", "10.0.0.1", []string{"X-Remote-User: zoe"}, sign.Person{Name: "zoe", Role: sign.Read, Proxied: true}},
		{"with a role", "10.0.0.1", []string{"X-Remote-User: zoe", "X-Remote-Role: command"}, sign.Person{Name: "zoe", Role: sign.Command, Proxied: true}},
		{"with no role that there is", "10.0.0.1", []string{"X-Remote-User: zoe", "X-Remote-Role: root"}, sign.Person{Name: "zoe", Role: sign.Read, Proxied: true}},
		{"from elsewhere", "10.0.0.9", []string{"X-Remote-User: ada"}, nobody},
		{"from elsewhere, which says that it is the proxy", "10.0.0.9", []string{"X-Remote-User: ada", "X-Forwarded-For: 10.0.0.1"}, nobody},
		{"twice", "10.0.0.1", []string{"X-Remote-User: ada", "X-Remote-User: eve"}, nobody},
		{"no name", "10.0.0.1", []string{"X-Remote-User: a;b"}, nobody},
		{"nobody", "10.0.0.1", []string{"X-Remote-User: "}, nobody},
		{"nobody, with a role", "10.0.0.1", []string{"X-Remote-Role: admin"}, nobody},
	} {
		if got := y.gate.Who(y.request(test.from, test.head...)); got != test.want {
			t.Errorf("%s: got %+v, want %+v", test.what, got, test.want)
		}
	}
	if !strings.Contains(y.log.String(), "10.0.0.9") || strings.Count(y.log.String(), "not believed") != 1 {
		t.Errorf("the log: %s", y.log)
	}
}

func TestOnlyProxiesThatAreBelievedSayWhereARequestIsFrom(t *testing.T) {
	y := newYard(t, proxied)
	for _, test := range []struct {
		from   string
		head   []string
		want   string
		secure bool
	}{
		{"192.0.2.5", []string{"X-Forwarded-For: 1.1.1.1", "X-Forwarded-Proto: https"}, "192.0.2.5", false},
		{"10.0.0.1", []string{"X-Forwarded-For: 6.6.6.6, 192.0.2.7", "X-Forwarded-Proto: https"}, "192.0.2.7", true},
		{"10.0.0.1", []string{"X-Forwarded-For: 6.6.6.6", "X-Forwarded-For: 192.0.2.7, 10.0.0.2"}, "192.0.2.7", false},
		{"10.0.0.1", []string{"X-Forwarded-For: [2001:db8::1]:99"}, "2001:db8::1", false},
		{"10.0.0.1", []string{"X-Forwarded-For: <script>"}, "10.0.0.1", false},
		{"10.0.0.1", nil, "10.0.0.1", false},
	} {
		r := y.request(test.from, test.head...)
		if got := y.gate.From(r); got != test.want {
			t.Errorf("%s %q: got %s, want %s", test.from, test.head, got, test.want)
		}
		w := httptest.NewRecorder()
		if err := y.gate.SignIn(w, r, "ada", "a horse"); err != nil {
			t.Fatal(err)
		}
		if got := w.Result().Cookies()[0].Secure; got != test.secure {
			t.Errorf("%s %q: Secure is %t", test.from, test.head, got)
		}
	}
}

// A stream that was open already ends soon after the session.
func TestWhatLastsEndsWithTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newYard(t, nil)
		if err := y.signIn("ada", "a horse"); err != nil {
			t.Fatal(err)
		}
		began, lasted := time.Now(), make(chan time.Duration)
		go y.gate.While(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			lasted <- time.Since(began)
		})).ServeHTTP(httptest.NewRecorder(), y.request("192.0.2.1"))
		time.Sleep(time.Minute)
		y.gate.SignOut(httptest.NewRecorder(), y.request("192.0.2.1"))
		if got := <-lasted; got < time.Minute || got > time.Minute+6*time.Second {
			t.Errorf("it lasted %s", got)
		}
	})
}

// Behind a proxy all connections have one address. Who tries passwords there is bounded by what the proxy says of him, whatever he
// writes in front of that, and others sign in.
func TestWhoTriesPasswordsBehindAProxyIsBoundedAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newYard(t, proxied)
		try := func(from, forwarded, name, password string) error {
			return y.gate.SignIn(httptest.NewRecorder(), y.request(from, "X-Forwarded-For: "+forwarded), name, password)
		}
		tried := 0
		for i := range 60 {
			if errors.Is(try("10.0.0.1", fmt.Sprintf("6.6.6.%d, 192.0.2.66", i), fmt.Sprint("name-", i), "x"), sign.ErrWrong) {
				tried++
			}
		}
		if tried != 20 {
			t.Errorf("%d passwords were tried from one address behind the proxy, want 20", tried)
		}
		if err := try("10.0.0.1", "192.0.2.7", "ada", "a horse"); err != nil {
			t.Errorf("somebody else behind the proxy: %v", err)
		}
		tried = 0
		for i := range 60 {
			if errors.Is(try("203.0.113.9", fmt.Sprintf("192.0.2.%d", i), fmt.Sprint("other-", i), "x"), sign.ErrWrong) {
				tried++
			}
		}
		if tried > 20 {
			t.Errorf("who is no proxy and says so tried %d passwords, want 20 at most", tried)
		}
	})
}

// shelf is what brokers have in common, while they reach it.
type shelf struct {
	mu      sync.Mutex
	away    bool
	value   []byte
	changed []func([]byte)
}

func (s *shelf) common() sign.Common {
	return sign.Common{
		Follow: func(ctx context.Context, _ string, told func([]byte)) error {
			s.mu.Lock()
			s.changed = append(s.changed, told)
			if s.value != nil {
				told(s.value)
			}
			s.mu.Unlock()
			<-ctx.Done()
			return ctx.Err()
		},
		Amend: func(_ context.Context, _ string, change func([]byte) []byte) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.away {
				return errors.New("it is away")
			}
			s.value = change(s.value)
			for _, told := range s.changed {
				told(s.value)
			}
			return nil
		},
	}
}

func (s *shelf) reach(it bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = !it
}

// Two brokers with one key and users file, behind one address: who signs out at one of them is signed out, whatever somebody copied.
func TestSigningOutCountsAtAllBrokers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := newYard(t, nil)
		if err := one.signIn("ada", "a horse"); err != nil {
			t.Fatal(err)
		}
		o := one.options
		o.Key, o.State = filepath.Join(one.options.State, "session-key"), filepath.Join(t.TempDir(), "other")
		other, common := sign.New(o), &shelf{}
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		defer all.Wait()
		defer cancel()
		for _, g := range []*sign.Gate{one.gate, other} {
			all.Go(func() { g.Share(ctx, common.common()) })
		}
		out := func(what string, begun *http.Request) {
			t.Helper()
			time.Sleep(10 * time.Second)
			if got := other.Who(begun); got != nobody {
				t.Errorf("%s: at the other broker he is still %+v", what, got)
			}
			if got := sign.New(o).Who(begun); got != nobody {
				t.Errorf("%s: after a restart of it he is %+v", what, got)
			}
		}
		first := one.request("192.0.2.1")
		if got := other.Who(first); got.Name != "ada" {
			t.Fatalf("at first the other knows %+v", got)
		}
		one.gate.SignOut(httptest.NewRecorder(), first)
		out("together", first)
		if err := one.signIn("bob", "a stable"); err != nil {
			t.Fatal(err)
		}
		common.reach(false)
		second := one.request("192.0.2.1")
		one.gate.SignOut(httptest.NewRecorder(), second)
		time.Sleep(time.Minute)
		if got := other.Who(second); got.Name != "bob" {
			t.Fatalf("while they do not reach each other: %+v", got)
		}
		common.reach(true)
		out("once they reach each other", second)
	})
}

// Who signs in and out again and again ends sessions of his own, at this broker and at others, and none of anybody else.
func TestWhoSignsOutAgainAndAgainSignsOutNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newYard(t, nil)
		y.options.Key = filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(y.options.Key, []byte(strings.Repeat("k", 40)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		y.options.State = "" // thousands of writes would show nothing more
		y.gate = sign.New(y.options)
		other, common := sign.New(y.options), &shelf{}
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		defer all.Wait()
		defer cancel()
		begin := func(name, password string) *http.Request {
			y.jar = nil
			if err := y.signIn(name, password); err != nil {
				t.Fatal(err)
			}
			return y.request("192.0.2.1")
		}
		hers := begin("ada", "a horse")
		var his []*http.Request
		for range 4100 {
			time.Sleep(500 * time.Millisecond)
			his = append(his, begin("bob", "a stable"))
			y.gate.SignOut(httptest.NewRecorder(), his[len(his)-1])
		}
		for _, g := range []*sign.Gate{y.gate, other} {
			all.Go(func() { g.Share(ctx, common.common()) })
		}
		time.Sleep(time.Minute)
		for what, g := range map[string]*sign.Gate{"here": y.gate, "at the other broker": other} {
			if got := g.Who(hers); got != ada {
				t.Errorf("%s she is %+v", what, got)
			}
			for i, r := range his {
				if got := g.Who(r); got != nobody {
					t.Fatalf("%s his session %d lives again: %+v", what, i, got)
				}
			}
		}
	})
}

// What another broker says, whose clock is wrong or whose disk is damaged, does not end what nobody ended.
func TestRubbishInCommonEndsNoSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newYard(t, nil)
		if err := y.signIn("ada", "a horse"); err != nil {
			t.Fatal(err)
		}
		common := &shelf{value: []byte("- 9223372036854775807\nrubbish\n\x00\n0123 5\n")}
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { y.gate.Share(ctx, common.common()) })
		time.Sleep(time.Second)
		y.want("she", sign.Person{Name: "ada", Role: sign.Command})
		cancel()
		all.Wait()
	})
}

// With another password, or without his line, somebody is out at every broker that reads the file.
func TestAChangeOfTheUsersFileEndsSessionsAtAllBrokers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newYard(t, nil)
		o := y.options
		o.Key, o.State = filepath.Join(y.options.State, "session-key"), t.TempDir()
		other := sign.New(o)
		for what, change := range map[string]func(l *sign.List) error{
			"another password": func(l *sign.List) error {
				return l.Put(&sign.User{Name: "ada", Role: sign.Command, Hash: sign.Hash("a horse", cheap())})
			},
			"removed": func(l *sign.List) error { l.Remove("ada"); return nil },
		} {
			if err := sign.Edit(o.Users, func(l *sign.List) error {
				return l.Put(&sign.User{Name: "ada", Role: sign.Command, Hash: sign.Hash("a horse", cheap())})
			}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Second)
			if err := y.signIn("ada", "a horse"); err != nil {
				t.Fatal(err)
			}
			r := y.request("192.0.2.1")
			if got := other.Who(r); got.Name != "ada" {
				t.Fatalf("%s: at first the other knows %+v", what, got)
			}
			if err := sign.Edit(o.Users, change); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Second)
			if a, b := y.gate.Who(r), other.Who(r); a != nobody || b != nobody {
				t.Errorf("%s: she is %+v, at the other %+v", what, a, b)
			}
		}
	})
}

func TestDoorsSayWhoMayLookWithoutSigningIn(t *testing.T) {
	y := newYard(t, nil)
	if got := y.gate.Who(sign.Through(y.request("192.0.2.1"), sign.Read)); got != (sign.Person{Role: sign.Read}) {
		t.Errorf("got %+v", got)
	}
	y.want("without a door", nobody)
}
