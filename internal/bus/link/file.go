package link

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/onbu/onbu/internal/bus"
)

// Plan says how a site is joined with others.
type Plan struct {
	// Listen is the host:port where other sites may dial; empty for none. TLS is nil for a port that speaks in clear.
	Listen string
	TLS    *tls.Config
	// Users may dial; there is at least one for a port.
	Users []User
	Dials []Dial
	// Tenants are all that are named anywhere, the site's own first.
	Tenants []bus.Tenant
	// Sum is of all that the plan was read from, certificates included.
	Sum [sha256.Size]byte
}

// User is whom the port lets in. The password may be a bcrypt hash.
type User struct{ Name, Password, Tenant string }

// Dial is a connection that this site makes.
type Dial struct {
	URL            *url.URL // without user and password
	User, Password string
	Creds          string // path of a NATS credentials file, instead of user and password
	Tenant         string
	TLS            *tls.Config // nil for one that speaks in clear
	Hub            bool        // this site passes on what comes from others, whoever dials
}

const (
	defaultPort = "7422" // NATS' own for leaf nodes
	maxFile     = 1 << 20
)

// Read reads a plan from a file with a line for each thing: what it is, its name, and options:
//
//	listen HOST:PORT cert=FILE key=FILE [ca=FILE]   # with ca, who dials must show a certificate from there
//	let USER password=WORD [tenant=NAME]
//	dial tls://HOST:PORT user=NAME password=WORD [tenant=NAME] [ca=FILE] [cert=FILE key=FILE] [hub]
//	tenant NAME [ours=REGEX] [theirs=REGEX]
//
// Paths are relative to the file. The error tells of all mistakes, each with its line.
func Read(path string) (Plan, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Plan{}, fmt.Errorf("links: %w", err)
	}
	if info.Mode().Perm()&0o007 != 0 {
		return Plan{}, fmt.Errorf("links: %s holds passwords and everybody on this machine may read it: chmod 600 %[1]s", path)
	}
	text, err := readFile(path)
	if err != nil {
		return Plan{}, fmt.Errorf("links: %w", err)
	}
	return parse(path, text)
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("%s is larger than %d bytes", path, maxFile)
	}
	return text, err
}

// reader reads one file.
type reader struct {
	path  string
	line  int
	plan  Plan
	plain bool // the port was told to speak in clear
	seen  map[string]int
	known map[string]bus.Tenant
	sum   bytes.Buffer
	wrong []error
}

func parse(path string, text []byte) (Plan, error) {
	r := reader{path: path, seen: map[string]int{}, known: map[string]bus.Tenant{"": {}}}
	r.sum.Write(text)
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, maxFile+1)
	for lines.Scan() {
		r.line++
		words := strings.Fields(lines.Text())
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if err := r.take(words); err != nil {
			r.wrong = append(r.wrong, fmt.Errorf("%s:%d: %w", path, r.line, err))
		}
	}
	r.finish()
	if len(r.wrong) > 0 {
		return Plan{}, fmt.Errorf("links: %w", errors.Join(r.wrong...))
	}
	return r.plan, nil
}

func (r *reader) take(words []string) error {
	if len(words) < 2 {
		return fmt.Errorf("%s of what? A line is %s", words[0], usage)
	}
	kinds := map[string]func(string, options) error{"listen": r.listen, "let": r.let, "dial": r.dial, "tenant": r.tenant}
	kind := kinds[words[0]]
	if kind == nil {
		return fmt.Errorf("%q is not known; a line is %s", words[0], usage)
	}
	if first, again := r.seen[words[0]+" "+words[1]]; again && words[0] != "dial" {
		return fmt.Errorf("%s %s stands in line %d already", words[0], words[1], first)
	}
	r.seen[words[0]+" "+words[1]] = r.line
	o, err := parseOptions(words[2:])
	if err != nil {
		return err
	}
	if err := kind(words[1], o); err != nil {
		return err
	}
	return o.rest(words[0])
}

const usage = "listen HOST:PORT, let USER, dial URL or tenant NAME, each with options"

func (r *reader) listen(address string, o options) error {
	if r.plan.Listen != "" {
		return errors.New("a second listen; there can be one")
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil || port == "" {
		return fmt.Errorf("listen takes HOST:PORT, as 0.0.0.0:%s", defaultPort)
	}
	r.plan.Listen = address
	ca, cert, key := o.take("ca"), o.take("cert"), o.take("key")
	r.plain = o.flag("plain")
	if cert == "" && key == "" && ca == "" {
		if !r.plain && !loopback(host) {
			return errors.New("without cert=FILE key=FILE passwords and data would travel in clear; write plain if something else hides them, such as a tunnel")
		}
		return nil
	}
	r.plan.TLS, err = r.secure(ca, cert, key, true)
	return err
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (r *reader) let(user string, o options) error {
	u := User{Name: user, Password: o.take("password"), Tenant: o.take("tenant")}
	if u.Password == "" {
		return fmt.Errorf("let %s needs password=WORD", user)
	}
	r.plan.Users = append(r.plan.Users, u)
	return r.name(u.Tenant)
}

func (r *reader) dial(address string, o options) error {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Scheme != "tls" && u.Scheme != "nats" {
		return fmt.Errorf("dial takes tls://HOST:PORT")
	}
	if u.User != nil {
		return errors.New("user and password do not belong into the address: write user=NAME password=WORD")
	}
	u.Host = net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), defaultPort))
	d := Dial{
		URL: &url.URL{Scheme: u.Scheme, Host: u.Host}, User: o.take("user"), Password: o.take("password"),
		Creds: r.resolve(o.take("creds")), Tenant: o.take("tenant"), Hub: o.flag("hub"),
	}
	if (d.User == "" || d.Password == "") && d.Creds == "" {
		return errors.New("dial needs user=NAME password=WORD, or creds=FILE")
	}
	if d.Creds != "" {
		if err := r.read(d.Creds, nil); err != nil {
			return err
		}
	}
	ca, cert, key := o.take("ca"), o.take("cert"), o.take("key")
	if plain := o.flag("plain"); u.Scheme == "tls" {
		d.TLS, err = r.secure(ca, cert, key, false)
	} else if !plain && !loopback(u.Hostname()) {
		err = errors.New("nats:// sends passwords and data in clear: write tls://, or plain if something else hides them, such as a tunnel")
	}
	if err != nil {
		return err
	}
	r.plan.Dials = append(r.plan.Dials, d)
	return r.name(d.Tenant)
}

// tenant says that this site takes part in what a tenant's sites exchange.
func (r *reader) tenant(name string, o options) error {
	ours, err := pattern(o, "ours")
	if err != nil {
		return err
	}
	theirs, err := pattern(o, "theirs")
	if err != nil {
		return err
	}
	r.known[name] = bus.Tenant{Name: name, Ours: ours, Theirs: theirs}
	return bus.CheckSiteName(name)
}

// name notes a tenant; without a tenant line of its own this site only relays.
func (r *reader) name(tenant string) error {
	if tenant == "" {
		return nil
	}
	if _, known := r.known[tenant]; !known {
		r.known[tenant] = bus.Tenant{Name: tenant, Relay: true}
	}
	return bus.CheckSiteName(tenant)
}

// pattern compiles an option; without it no name fits.
func pattern(o options, name string) (func(string) bool, error) {
	text := o.take(name)
	if text == "" {
		return func(string) bool { return false }, nil
	}
	re, err := regexp.Compile("^(?:" + text + ")$")
	if err != nil {
		return nil, fmt.Errorf("%s=%s: %w", name, text, err)
	}
	return re.MatchString, nil
}

func (r *reader) finish() {
	complain := func(text string) { r.wrong = append(r.wrong, fmt.Errorf("%s: %s", r.path, text)) }
	switch {
	case len(r.wrong) > 0:
	case r.plan.Listen != "" && len(r.plan.Users) == 0:
		complain("listen without let: nobody could dial; add let USER password=WORD for each site")
	case r.plan.Listen == "" && len(r.plan.Users) > 0:
		complain("let without listen: add listen HOST:PORT cert=FILE key=FILE")
	case r.plan.Listen == "" && len(r.plan.Dials) == 0:
		complain("joins nothing: add listen or dial")
	}
	for _, t := range r.known {
		r.plan.Tenants = append(r.plan.Tenants, t)
	}
	slices.SortFunc(r.plan.Tenants, func(a, b bus.Tenant) int { return strings.Compare(a.Name, b.Name) })
	r.hubs()
	r.plan.Sum = sha256.Sum256(r.sum.Bytes())
}

// hubs makes a site that dials several of one tenant the one that passes on between them: of two neighbours that both count
// as the greater one, neither would hear of the other (nats-server 2.15, leafnode.go updateSmap).
func (r *reader) hubs() {
	dials := map[string]int{}
	for _, d := range r.plan.Dials {
		dials[d.Tenant]++
	}
	for i := range r.plan.Dials {
		d := &r.plan.Dials[i]
		d.Hub = d.Hub || dials[d.Tenant] > 1
	}
}
