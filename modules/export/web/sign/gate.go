package sign

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"
)

// Options are what a Gate goes by.
type Options struct {
	// Users is the path of the users file, which may not be there.
	Users string
	// Key is the path of a file with the key that signs sessions; if it is empty, one is made in State.
	Key string
	// State is a folder for what has to last; empty for none.
	State string
	// Idle ends a session with which nothing was done for so long, Lifetime every session.
	Idle, Lifetime time.Duration
	Proxy          Proxy
	Log            *slog.Logger
	// Metrics is where it counts, with Name as the label module.
	Metrics *metrics.Set
	Name    string
}

// Gate tells people apart. Any goroutine may use it.
type Gate struct {
	o      Options
	users  *file[*Users]
	key    *file[key]
	ended  *ended
	limits *limits
	room   *room
	made   sync.Once
	// foreign is when it was last said that somebody who is not believed sends the proxies' header, and toldLast that tries were not
	// even made, in Unix nanoseconds; untold is how many of those there were since.
	foreign, toldLast, untold atomic.Int64

	// mistakes are the lines of the users file that do not count.
	mistakes atomic.Pointer[[]error]

	signedIn              *metrics.Counter
	wrong, limited, crowd *metrics.Counter
}

// New makes a Gate. It opens nothing before the first request.
func New(o Options) *Gate {
	g := &Gate{o: o, limits: newLimits(), room: newRoom()}
	g.users = &file[*Users]{path: o.Users, read: g.readUsers, told: g.told("the users file cannot be read, and what it said before counts"), now: &Users{}}
	g.key = &file[key]{path: o.Key, read: readKey, told: g.told("the key of sessions cannot be read: nobody can sign in but with the one from before")}
	g.ended = &ended{news: make(chan struct{}, 1), told: g.told("the file of ended sessions")}
	if o.State != "" {
		g.ended.path = filepath.Join(o.State, "ended-sessions")
	}
	refused := func(why string) *metrics.Counter {
		return o.Metrics.GetOrCreateCounter(fmt.Sprintf("onbu_web_sign_ins_refused_total{module=%q,why=%q}", o.Name, why))
	}
	g.signedIn = o.Metrics.GetOrCreateCounter(fmt.Sprintf("onbu_web_sign_ins_total{module=%q}", o.Name))
	g.wrong, g.limited, g.crowd = refused("wrong"), refused("too_often"), refused("too_many")
	return g
}

func (g *Gate) told(what string) func(error) {
	return func(err error) { g.o.Log.Error(what, "error", err) }
}

// readUsers tells of every line that is wrong, and takes the others.
func (g *Gate) readUsers(text []byte) (*Users, error) {
	u, wrong := ParseUsers(string(text), g.o.Users)
	for _, err := range wrong {
		g.o.Log.Error("a line of the users file is wrong and does not count", "error", err)
	}
	if was := g.mistakes.Swap(&wrong); was != nil && len(*was) > 0 && len(wrong) == 0 {
		g.o.Log.Info("every line of the users file counts again")
	}
	return u, nil
}

// signing gives the key; nil if there is none. Where nobody has named a file it is made when it is needed first.
func (g *Gate) signing() key {
	g.made.Do(func() {
		if g.o.Key != "" {
			return
		}
		if g.o.State == "" {
			g.key = &file[key]{now: freshKey()}
			return
		}
		g.key.path = filepath.Join(g.o.State, "session-key")
		if err := makeKey(g.key.path); err != nil {
			g.key.told(err)
		}
	})
	return g.key.get()
}

// Users is how many can sign in.
func (g *Gate) Users() int { return g.users.get().Len() }

// File is the path of the users file, for people on the machine who have to write it.
func (g *Gate) File() string { return g.users.path }

type anonymousKey struct{}

// Through has somebody who has not signed in be what a door lets everybody be. Without it he is Nobody.
func Through(r *http.Request, anonymous Role) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), anonymousKey{}, anonymous))
}

// Brought says that a request comes through a reverse proxy, so that the address of its connection says nothing of who asks.
func (g *Gate) Brought(r *http.Request) bool { return g.o.Proxy.brought(r) }

// Who says who makes a request. Somebody whom a proxy names and who has no role may still have a session of his own.
func (g *Gate) Who(r *http.Request) Person {
	named := g.proxied(r)
	if named.Role >= Read {
		return named
	}
	if _, u := g.session(r); u != nil {
		return Person{Name: u.Name, Role: u.Role}
	}
	if anonymous, _ := r.Context().Value(anonymousKey{}).(Role); anonymous >= Read {
		return Person{Role: anonymous}
	}
	return named
}

// proxied is whom a proxy that is believed names; the zero Person for nobody.
func (g *Gate) proxied(r *http.Request) Person {
	p := &g.o.Proxy
	if p.Header == "" || r.Header.Get(p.Header) == "" {
		return Person{}
	}
	if at := direct(r); !p.Trusts(at) {
		if now(&g.foreign, time.Minute) {
			g.o.Log.Warn("the header of the proxies comes from an address that is not believed, and counts for nothing", "header", p.Header, "from", at.String())
		}
		return Person{}
	}
	name, ok := p.named(r)
	if !ok {
		return Person{}
	}
	if u := g.users.get().named[name]; u != nil {
		return Person{Name: name, Role: u.Role, Proxied: true}
	}
	return Person{Name: name, Role: p.role(r), Proxied: true}
}

// session gives the session of a request and whose it is, if it still counts.
func (g *Gate) session(r *http.Request) (*session, *User) {
	if r.Header.Get("Cookie") == "" {
		return nil, nil
	}
	k := g.signing()
	if k == nil {
		return nil, nil
	}
	for _, c := range r.CookiesNamed(k.cookie()) {
		s, ok := k.open(c.Value)
		if !ok || s.over(time.Now(), g.o.Idle, g.o.Lifetime) || g.ended.has(s.id, out{g.end(s), s.mark}) {
			continue
		}
		if u := g.users.get().named[s.name]; u != nil && k.mark(u) == s.mark {
			return s, u
		}
	}
	return nil, nil
}

// end is when a session is over even if its owner does not rest, in Unix seconds.
func (g *Gate) end(s *session) int64 { return s.issued + int64(g.o.Lifetime/time.Second) }

// From is where a request comes from, for logs.
func (g *Gate) From(r *http.Request) string {
	if a := g.o.Proxy.from(r); a.IsValid() {
		return a.String()
	}
	return r.RemoteAddr
}

// Reader names whoever makes a request, for bounds on what one may have at once: somebody who has signed in by his name, others by
// where they are.
func (g *Gate) Reader(r *http.Request) string {
	if p := g.Who(r); p.Name != "" {
		return p.Name
	}
	if a := g.o.Proxy.from(r); a.IsValid() {
		return network(a)
	}
	return "who has no address"
}

// What SignIn says of those whom it does not let in.
var (
	// ErrWrong says no more: which of the two is wrong is nobody's business.
	ErrWrong = errors.New("the name or the password is wrong")
	ErrBusy  = errors.New("many people sign in at this moment: try again in some seconds")
	ErrNoKey = errors.New("nobody can sign in, since there is no key for sessions: the log of the broker says why")
)

// Wait is the error of somebody who has tried too often.
type Wait struct{ For time.Duration }

// Error implements error.
func (w Wait) Error() string {
	return fmt.Sprintf("there were too many tries: wait %s", max(w.For, time.Second).Round(time.Second))
}

// SignIn begins a session if the password is right.
func (g *Gate) SignIn(w http.ResponseWriter, r *http.Request, name, password string) error {
	k := g.signing()
	if k == nil {
		return ErrNoKey
	}
	u, err := g.try(r, name, password)
	if err != nil {
		g.tellRefused(r, name, err)
		return err
	}
	s := k.begin(u, time.Now())
	g.give(w, r, k, &s)
	g.signedIn.Inc()
	g.o.Log.Info("signed in", "who", u.Name, "role", u.Role.String(), "from", g.From(r))
	return nil
}

// tellRefused leaves a line for each password that was wrong, of which the limits let through only so many, and now and then one for
// those that were not even tried.
func (g *Gate) tellRefused(r *http.Request, name string, err error) {
	if CheckName(name) != nil { // it may be a password in the wrong place, or be made to spoil the log
		name = "(no possible name)"
	}
	args := []any{"who", name, "from", g.From(r), "error", err}
	if !errors.Is(err, ErrWrong) {
		n := g.untold.Add(1)
		if !now(&g.toldLast, 10*time.Second) {
			return
		}
		g.untold.Add(-n)
		args = append(args, "times", n)
	}
	g.o.Log.Warn("refused to sign in", args...)
}

// now says whether something is due that is done at most so often, and notes that it is done.
func now(last *atomic.Int64, each time.Duration) bool {
	at, was := time.Now().UnixNano(), last.Load()
	return at-was >= int64(each) && last.CompareAndSwap(was, at)
}

func (g *Gate) try(r *http.Request, name, password string) (*User, error) {
	if CheckName(name) != nil || len(password) > MostPassword {
		name, password = "", "" // counts like any other, and fits nobody
	}
	back, wait := g.limits.enter(name, g.o.Proxy.from(r), time.Now())
	if wait > 0 {
		g.limited.Inc()
		return nil, Wait{wait}
	}
	if !g.room.enter(r.Context()) {
		g.crowd.Inc()
		return nil, ErrBusy
	}
	defer g.room.leave()
	u, ok := g.users.get().try(name, password)
	if !ok {
		g.wrong.Inc()
		return nil, ErrWrong
	}
	back()
	return u, nil
}

// SignOut ends the session of a request, here and in the browser.
func (g *Gate) SignOut(w http.ResponseWriter, r *http.Request) {
	k := g.signing()
	if k == nil {
		return
	}
	if s, u := g.session(r); u != nil {
		g.ended.add(s.id, out{g.end(s), s.mark}, time.Now())
		g.o.Log.Info("signed out", "who", u.Name, "from", g.From(r))
	}
	http.SetCookie(w, &http.Cookie{Name: k.cookie(), MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: g.o.Proxy.secure(r)})
}

// Seen puts off the end of an idle session; it is called when a person does something, and not when a page asks by itself. The path of
// the request has to lie beside the pages.
func (g *Gate) Seen(w http.ResponseWriter, r *http.Request) {
	if s, u := g.session(r); u != nil && time.Since(time.Unix(s.seen, 0)) > g.o.Idle/60 {
		s.seen = time.Now().Unix()
		g.give(w, r, g.signing(), s)
	}
}

// give sets the cookie. It has no path, so that it belongs to where the browser has the pages, which only a proxy knows:
// the folder of the path of the request.
func (g *Gate) give(w http.ResponseWriter, r *http.Request, k key, s *session) {
	http.SetCookie(w, &http.Cookie{
		Name: k.cookie(), Value: k.seal(s), MaxAge: int(g.end(s) - time.Now().Unix()),
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: g.o.Proxy.secure(r),
	})
}
