package web_test

import (
	"context"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/export/web"
	"github.com/onbu/onbu/monitor"
)

// form posts the page to sign in, from an address that is no proxy's.
func (d *desk) form(path string, values url.Values, head ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "/ui/"+path, strings.NewReader(values.Encode()))
	r.RemoteAddr = "198.51.100.3:5000"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, line := range head {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	d.pages.ServeHTTP(w, r)
	return w
}

func credentials(name, password, to string) url.Values {
	return url.Values{"name": {name}, "password": {password}, "to": {to}}
}

func TestSigningInAndOut(t *testing.T) {
	d := newDesk(t, "anonymous none")
	if w := ask(d.pages, "GET", "/ui/tree?root=a%26b"); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "sign-in?to=tree%3Froot%3Da%2526b" {
		t.Fatalf("got %d %s", w.Code, w.Header().Get("Location"))
	}
	if w := d.form("sign-in", credentials("ada", "wrong", "tree")); w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), "The name or the password is wrong.") ||
		strings.Contains(w.Body.String(), "wrong\"") || w.Header().Get("Set-Cookie") != "" {
		t.Fatalf("a wrong password: %d %s", w.Code, w.Body)
	}
	w := d.form("sign-in", credentials("ada", "a horse", "tree?root=a%26b"))
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "tree?root=a%26b" {
		t.Fatalf("got %d %s", w.Code, w.Header().Get("Location"))
	}
	cookie := "Cookie: " + strings.Split(w.Header().Get("Set-Cookie"), ";")[0]
	if w := ask(d.pages, "GET", "/ui/data/me", cookie); w.Code != http.StatusOK || w.Body.String() != `{"name":"ada","role":"command"}`+"\n" {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if w := d.form("sign-out", nil, cookie); w.Code != http.StatusSeeOther || !strings.Contains(w.Header().Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("got %d %v", w.Code, w.Header())
	}
	if w := ask(d.pages, "GET", "/ui/data/me", cookie); w.Code != http.StatusUnauthorized {
		t.Errorf("with the cookie of before: %d %s", w.Code, w.Body)
	}
	for _, want := range []string{"refused to sign in", "signed in", "signed out"} {
		if !strings.Contains(d.log.String(), want) || strings.Contains(d.log.String(), "horse") {
			t.Errorf("no %q, or a secret, in the log: %s", want, d.log)
		}
	}
}

// Who sends a password from a file sends the end of its line too.
func TestOneEndOfALineIsNoPartOfAPassword(t *testing.T) {
	d := newDesk(t)
	for password, want := range map[string]int{
		"a horse\n": http.StatusSeeOther, "a horse\r\n": http.StatusSeeOther, "a horse\n\n": http.StatusUnauthorized, "\na horse": http.StatusUnauthorized, "a horse ": http.StatusUnauthorized, "\n": http.StatusUnauthorized,
	} {
		if w := d.form("sign-in", credentials("ada", password, "tree")); w.Code != want {
			t.Errorf("%q: got %d, want %d", password, w.Code, want)
		}
	}
}

// A link to the page to sign in leads nowhere else, whatever stands in it.
func TestThePageToSignInLeadsOnlyToPages(t *testing.T) {
	d := newDesk(t)
	for to, want := range map[string]string{
		"": "problems", "engine": "engine", "object?host=a%3Cb&x": "object?host=a%3Cb&x=", "https://evil.example/": "problems", "//evil.example/tree": "problems",
		"/tree": "problems", "\\\\evil.example": "problems", "javascript:alert(1)": "problems", "tree\r\nX: y": "problems", "../api/command": "problems",
		"sign-in": "problems", "tree#x": "tree", "http:tree": "problems", "data/me": "problems",
	} {
		w := d.form("sign-in", credentials("ada", "a horse", to))
		if got := w.Header().Get("Location"); got != want || w.Code != http.StatusSeeOther {
			t.Errorf("%q: got %d %q, want %q", to, w.Code, got, want)
		}
	}
}

func TestWhatSomebodyTypedIsOnlyText(t *testing.T) {
	d := newDesk(t, "login_text <b>Welcome</b>")
	bad := `"><script>alert(1)</script>`
	w := d.form("sign-in", credentials(bad, "x", bad))
	if w.Code != http.StatusUnauthorized || strings.Contains(w.Body.String(), "<script>a") || strings.Contains(w.Body.String(), "<b>") || !strings.Contains(w.Body.String(), "&lt;b&gt;Welcome") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// What pages of other sites make a browser send is refused; a reverse proxy that says nothing of its name takes origins.
func TestOtherSitesCannotAct(t *testing.T) {
	for _, test := range []struct {
		what     string
		settings []string
		head     []string
		code     int
	}{
		{"no browser", nil, nil, 200},
		{"the same site", nil, []string{"Sec-Fetch-Site: same-origin"}, 200},
		{"the same site, of a browser that is old or has no TLS", nil, []string{"Origin: http://example.com"}, 200},
		{"another site", nil, []string{"Sec-Fetch-Site: cross-site", "Origin: https://evil.example"}, 403},
		{"a neighbour", nil, []string{"Sec-Fetch-Site: same-site", "Origin: https://wiki.example.com"}, 403},
		{"another site, of an old browser", nil, []string{"Origin: http://evil.example"}, 403},
		{"a sandbox", nil, []string{"Origin: null"}, 403},
		{"a proxy that changes the name", nil, []string{"Origin: https://monitor.example.org"}, 403},
		{"the same, with origins", []string{"origins https://monitor.example.org"}, []string{"Origin: https://monitor.example.org"}, 200},
		{"another site, with origins", []string{"origins https://monitor.example.org"}, []string{"Origin: https://evil.example", "Sec-Fetch-Site: cross-site"}, 403},
	} {
		d := newDesk(t, test.settings...)
		w := d.send("ada", "data/command", `{"do":"check","objects":[{"host":"web"}]}`, test.head...)
		if given := d.given(); w.Code != test.code || (len(given) > 0) != (test.code == 200) {
			t.Errorf("%s: got %d %s, want %d; given %q", test.what, w.Code, w.Body, test.code, given)
		}
		if test.code == 403 {
			if w := d.form("sign-in", credentials("ada", "a horse", ""), test.head...); w.Code != http.StatusForbidden || w.Header().Get("Set-Cookie") != "" {
				t.Errorf("%s signs somebody in: %d", test.what, w.Code)
			}
			if w := d.form("sign-out", nil, test.head...); w.Code != http.StatusForbidden {
				t.Errorf("%s signs somebody out: %d", test.what, w.Code)
			}
		}
	}
}

func TestFormsAreBounded(t *testing.T) {
	d := newDesk(t)
	if w := d.form("sign-in", credentials("ada", strings.Repeat("x", 1<<20), "")); w.Code != http.StatusBadRequest {
		t.Errorf("a huge form: %d", w.Code)
	}
	if w := d.form("sign-in", credentials("ada", "a horse", ""), "Content-Type: text/plain"); w.Code != http.StatusUnsupportedMediaType {
		t.Errorf("no form: %d", w.Code)
	}
	for range 30 {
		d.form("sign-in", credentials("ada", "wrong", ""))
	}
	if w := d.form("sign-in", credentials("ada", "a horse", "")); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "There were too many tries: wait ") {
		t.Errorf("after too many: %d %s", w.Code, w.Body)
	}
}

// The module's own port lets nobody look who has not signed in, and takes only its own names and hosts.
func TestTheOwnPortJudgesOtherwiseThanTheLocalOne(t *testing.T) {
	d := newDesk(t, "port 7780", "names monitor.example.org", "allowed_hosts 192.0.2.0/24")
	for _, test := range []struct {
		what, host, from string
		code             int
	}{
		{"nobody", "monitor.example.org", "192.0.2.9", 303},
		{"with a port and a dot", "Monitor.example.org.:7780", "192.0.2.9", 303},
		{"another name", "evil.example", "192.0.2.9", 421},
		{"another machine", "monitor.example.org", "203.0.113.1", 403},
	} {
		r := httptest.NewRequest("GET", "/ui/problems", nil)
		r.Host, r.RemoteAddr = test.host, test.from+":99"
		w := httptest.NewRecorder()
		d.own.ServeHTTP(w, r)
		if w.Code != test.code {
			t.Errorf("%s: got %d, want %d", test.what, w.Code, test.code)
		}
	}
	if w := askFrom(d.pages, "127.0.0.1", "localhost:7770", "problems"); w.Code != http.StatusOK {
		t.Errorf("the local port: %d", w.Code)
	}
}

// askFrom asks for a page from an address, under a name.
func askFrom(h http.Handler, from, host, page string, head ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "/ui/"+page, nil)
	r.Host, r.RemoteAddr = host, netip.AddrPortFrom(netip.MustParseAddr(from), 99).String()
	for _, line := range head {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// Everybody on the machine may look at the local port; who comes through a proxy on the same machine may be anybody from anywhere.
func TestWhomAProxyBringsIsNotOfThisMachine(t *testing.T) {
	const proxy, elsewhere = "192.0.2.1", "127.0.0.1" // the desk's proxy, and who asks by himself
	for _, test := range []struct {
		what, from string
		settings   []string
		head       []string
		code       int
	}{
		{"by himself", elsewhere, nil, nil, 200},
		{"the proxy says nothing", proxy, nil, nil, 401},
		{"the proxy says nothing, and everybody may look", proxy, []string{"anonymous read"}, nil, 200},
		{"somebody unknown", proxy, nil, []string{"X-Remote-User: joe"}, 200},
		{"somebody unknown has no role", proxy, []string{"proxy_role none"}, []string{"X-Remote-User: joe"}, 403},
		{"somebody known", proxy, []string{"proxy_role none"}, []string{"X-Remote-User: bob"}, 200},
		{"somebody unknown has no role, and everybody may look", proxy, []string{"proxy_role none", "anonymous read"}, []string{"X-Remote-User: joe"}, 200},
		{"what is no name", proxy, nil, []string{"X-Remote-User: a;b"}, 401},
		{"a proxy that nobody has named", elsewhere, nil, []string{"X-Forwarded-For: 203.0.113.9"}, 401},
		{"another", elsewhere, nil, []string{"Via: 1.1 cache"}, 401},
		{"another, and everybody may look", elsewhere, []string{"anonymous read"}, []string{"X-Forwarded-For: 203.0.113.9"}, 200},
	} {
		d := newDesk(t, test.settings...)
		if w := askFrom(d.pages, test.from, "localhost", "data/me", test.head...); w.Code != test.code {
			t.Errorf("%s: got %d %s, want %d", test.what, w.Code, w.Body, test.code)
		}
	}
	d := newDesk(t, "proxy_role none")
	if w := askFrom(d.pages, proxy, "localhost", "sign-in", "X-Remote-User: joe"); !strings.Contains(w.Body.String(), "you are <bdi>joe</bdi>, who has no role here") {
		t.Errorf("the page to sign in: %s", w.Body)
	}
}

// A page of evil.example has its name lead to this machine, and is then of the same origin as the pages.
func TestAPageOfAnotherSiteDoesNotSeeWhatEverybodySees(t *testing.T) {
	for _, test := range []struct {
		what, host string
		settings   []string
		code       int
	}{
		{"an address", "127.0.0.1:7780", nil, 200},
		{"an address of IPv6", "[::1]:7780", nil, 200},
		{"this machine", "LOCALHOST.:7780", nil, 200},
		{"a name of somebody else's", "evil.example:7780", nil, 401},
		{"a name that begins like one of ours", "localhost.evil.example", nil, 401},
		{"a name of ours", "monitor.example.org", []string{"names monitor.example.org"}, 200},
		{"not a name of ours", "evil.example", []string{"names monitor.example.org"}, 421},
	} {
		d := newDesk(t, append(test.settings, "port 7780", "anonymous read")...)
		if w := askFrom(d.own, "127.0.0.1", test.host, "data/me"); w.Code != test.code {
			t.Errorf("%s: got %d %s, want %d", test.what, w.Code, w.Body, test.code)
		}
	}
}

// The same where the broker's own port listens on an address that others reach.
func TestAPageOfAnotherSiteDoesNotSeeTheBrokersPortEither(t *testing.T) {
	for _, test := range []struct {
		what, host string
		settings   []string
		code       int
		at         byte // the first number of the address that is asked
	}{
		{"an address", "192.0.2.9:7770", []string{"anonymous read"}, 200, 192},
		{"this machine", "localhost:7770", []string{"anonymous read"}, 200, 192},
		{"a name of somebody else's", "evil.example:7770", []string{"anonymous read"}, 401, 192},
		{"a name of ours", "monitor.example.org", []string{"anonymous read", "names monitor.example.org"}, 200, 192},
		{"not a name of ours", "evil.example", []string{"anonymous read", "names monitor.example.org"}, 401, 192},
		{"nothing is opened", "192.0.2.9:7770", nil, 401, 192},
		{"on loopback", "localhost:7770", nil, 200, 127},
		{"on loopback, a name of somebody else's", "evil.example:7770", nil, 401, 127},
		{"on loopback, a name of ours", "monitor.example.org", []string{"anonymous read", "names monitor.example.org"}, 200, 127},
	} {
		d := newDesk(t, test.settings...)
		elsewhere := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			at := net.Addr(&net.TCPAddr{IP: net.IPv4(test.at, 0, 0, 1), Port: 7770})
			d.pages.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, at)))
		})
		if w := askFrom(elsewhere, "203.0.113.9", test.host, "data/me"); w.Code != test.code {
			t.Errorf("%s: got %d %s, want %d", test.what, w.Code, w.Body, test.code)
		}
	}
}

// Where nobody can sign in yet, the page says which file is read: another state folder's would be written in vain. Other ports learn no paths.
func TestWhoIsMissingIsToldWhichFileIsRead(t *testing.T) {
	for anonymous, want := range map[string]bool{"read": true, "none": false} {
		w := ask(pages(t, "users_file /nowhere/people", "anonymous "+anonymous), "GET", "/ui/sign-in")
		if got := strings.Contains(w.Body.String(), "onbu user add NAME --role admin --file /nowhere/people<"); got != want || !strings.Contains(w.Body.String(), "onbu user add NAME") {
			t.Errorf("anonymous %s: file named %t, want %t: %s", anonymous, got, want, w.Body)
		}
	}
}

func TestADefinitionIsJudged(t *testing.T) {
	judge := func(lines ...string) (doubts string, wrong error) {
		m := &monitor.Module{Name: "pages", Type: "web", File: "m.cfg", Line: 1}
		for _, line := range lines {
			name, value, _ := strings.Cut(line, " ")
			m.Settings = append(m.Settings, monitor.Setting{Name: name, Value: strings.TrimSpace(value), Line: 2})
		}
		s := modules.Read(m)
		web.New(s, modules.Env{Metrics: metrics.NewSet()}, modules.Outlook{})
		all, wrong := s.Judge()
		return strings.Join(all, "\n"), wrong
	}
	for _, test := range []struct{ lines, doubt, wrong string }{
		{"port 7780", "", ""},
		{"port 7780\nhost 0.0.0.0", "passwords and sessions go over the network as they are", ""},
		{"port 7780\nhost 0.0.0.0\nanonymous read", "everybody who reaches 0.0.0.0:7780 sees every host", ""},
		{"proxy_header X-Remote-User", "no header is believed", ""},
		{"remote_user_enable 1\nremote_user_variable X_Remote_User", "remote_user_enable: no header is believed", ""},
		{"proxy_header X-Remote-User\nproxies 0.0.0.0/0", "everybody can be anybody", ""},
		{"proxy_header X-Remote-User\nproxies 127.0.0.1\nport 7780", "could be anybody (DNS rebinding)", ""},
		{"proxy_header X-Remote-User\nproxies 10.0.0.1\nproxy_role none\nanonymous read", "may look all the same", ""},
		{"port 7780\nanonymous read", "only who asks for an address or a name of this machine", ""},
		{"proxies router1", "", "neither an address nor a network"},
		{"origins monitor.example.org", "", "is none: write https://"},
		{"anonymous admin", "", "write one of none, read"},
		{"users_file /nowhere/users", "/nowhere/users", ""},
		{"user_file /etc/users", "", "did you mean users_file?"},
		// As Shinken's own examples have it.
		{"host 0.0.0.0\nport 7767\nauth_secret CHANGE_ME\nallow_html_output 1\nmax_output_length 100\nmanage_acl 1\nplay_sound 0\nlogin_text Welcome\nmodules auth-htpasswd, mongodb\nhttp_backend auto\ntls_cert a\ntls_key b", "", ""},
	} {
		doubts, wrong := judge(strings.Split(test.lines, "\n")...)
		if (test.wrong == "") != (wrong == nil) || wrong != nil && !strings.Contains(wrong.Error(), test.wrong) || !strings.Contains(doubts, test.doubt) {
			t.Errorf("%q: doubts %q, wrong %v", test.lines, doubts, wrong)
		}
	}
}

// A browser keeps a cookie for the folder of what it came with. What is done on a page is sent to data/, and would leave a second one
// there, of whoever was signed in then.
func TestWhoeverActsStaysSignedIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, "anonymous none", "session_idle 1h")
		jar, _ := cookiejar.New(nil) // which has no errors without a list of suffixes
		send := func(method, path, kind, body string) *httptest.ResponseRecorder {
			r := httptest.NewRequest(method, "http://monitor.example.org/ui/"+path, strings.NewReader(body))
			r.RemoteAddr = "198.51.100.3:5000"
			r.Header.Set("Content-Type", kind)
			for _, c := range jar.Cookies(r.URL) {
				r.AddCookie(c)
			}
			w := httptest.NewRecorder()
			d.pages.ServeHTTP(w, r)
			jar.SetCookies(r.URL, w.Result().Cookies())
			return w
		}
		form, value := "application/x-www-form-urlencoded", "application/json"
		send("POST", "sign-in", form, credentials("ada", "a horse", "").Encode())
		for range 5 { // on a page that stays open
			time.Sleep(30 * time.Minute)
			if w := send("POST", "data/command", value, `{"do":"check","objects":[{"host":"web"}]}`); w.Code != http.StatusOK {
				t.Fatalf("got %d %s", w.Code, w.Body)
			}
			if w := send("POST", "seen", value, ""); w.Code != http.StatusNoContent {
				t.Fatalf("got %d %s", w.Code, w.Body)
			}
		}
		if w := send("GET", "problems", "", ""); w.Code != http.StatusOK {
			t.Errorf("the next page: %d %s", w.Code, w.Header().Get("Location"))
		}
		send("POST", "sign-in", form, credentials("bob", "a horse", "").Encode())
		if w := send("GET", "data/me", "", ""); !strings.Contains(w.Body.String(), `"bob"`) {
			t.Errorf("bob has signed in, and is %s", w.Body)
		}
	})
}
