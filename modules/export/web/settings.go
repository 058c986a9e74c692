package web

import (
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/serve"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/export/web/sign"
)

// doors are the two ways to the pages, and what somebody may do there who has not signed in.
type doors struct {
	// local is the port of the broker's process while it is reached on loopback; own the module's own.
	local, own sign.Role
	// names are those that the own port is asked for by; empty for any.
	names []string
}

// readDoors reads anonymous and names.
func readDoors(s *modules.Settings) doors {
	d := doors{local: sign.Read, own: sign.Nobody, names: s.Words("names")}
	if s.Bool("allow_anonymous", false) { // Shinken's
		d.own = sign.Read
	}
	switch s.Choice("anonymous", "", "none", "read") {
	case "none":
		d.local, d.own = sign.Nobody, sign.Nobody
	case "read":
		d.own = sign.Read
	}
	return d
}

// readGate reads how people sign in.
func readGate(s *modules.Settings, e modules.Env) sign.Options {
	o := sign.Options{
		Users: s.File("users_file", ""), Key: s.File("session_key", ""), State: e.State, Log: e.Log, Metrics: e.Metrics, Name: s.Name(),
		Idle:     s.Duration("session_idle", 12*time.Hour, time.Minute, 365*24*time.Hour),
		Lifetime: s.Duration("session_lifetime", 7*24*time.Hour, time.Minute, 365*24*time.Hour),
		Proxy:    readProxy(s),
	}
	if o.Users == "" {
		o.Users = e.Users
	}
	for _, err := range sign.CheckFile(o.Users) {
		s.Doubt("users_file", "%v", err)
	}
	return o
}

// readProxy reads which reverse proxies are believed. Shinken's remote_user_enable and remote_user_variable are two of ours.
func readProxy(s *modules.Settings) sign.Proxy {
	p := sign.Proxy{Header: s.Text("proxy_header", ""), RoleHeader: s.Text("proxy_role_header", ""), Role: sign.Read}
	setting := "proxy_header"
	variable := strings.ReplaceAll(s.Text("remote_user_variable", "X_REMOTE_USER"), "_", "-")
	if s.Text("remote_user_enable", "0") != "0" && p.Header == "" {
		p.Header, setting = variable, "remote_user_enable"
	}
	if word := s.Choice("proxy_role", "read", append(sign.Roles(), "none")...); word == "none" {
		p.Role = sign.Nobody
	} else if role, err := sign.ParseRole(word); err == nil {
		p.Role = role
	}
	nets, err := serve.Networks(s.Words("proxies"))
	switch {
	case err != nil:
		s.Wrong("proxies", "%v", err)
	case len(nets) > 0:
		p.Trusted = func(a netip.Addr) bool { return nets.Contain(a) }
	case p.Header != "":
		s.Doubt(setting, "no header is believed: write the addresses of the reverse proxies in proxies")
	}
	if all := netip.IPv4Unspecified(); nets.Contain(all) && p.Header != "" {
		s.Doubt("proxies", "everybody can be anybody: write the addresses of the reverse proxies, not all there are")
	}
	return p
}

// readOrigins reads from where pages may send besides from here: where a proxy has the pages and does not say so.
func readOrigins(s *modules.Settings) *http.CrossOriginProtection {
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(foreign))
	for _, o := range s.Words("origins") {
		if err := guard.AddTrustedOrigin(o); err != nil {
			s.Wrong("origins", "%q is none: write https://monitor.example.org", o)
		}
	}
	return guard
}

// doubt tells of what is allowed on a port and hardly meant so.
func (m *Module) doubt(s *modules.Settings) {
	if !m.tcp {
		return
	}
	if m.doors.own >= sign.Read && m.port.Public() {
		s.Doubt("anonymous", "everybody who reaches %s sees every host: write allowed_hosts, or leave anonymous out", m.port.Address)
	}
	if host, _, _ := net.SplitHostPort(m.port.Address); m.cert == "" && host != "localhost" && !loopback(host) {
		s.Doubt("port", "passwords and sessions go over the network as they are: write tls_cert and tls_key, or `host 127.0.0.1` and a proxy with TLS in front")
	}
}

func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// mootOf are settings of Shinken's webui and webui2 that say nothing here: how sessions are signed, what other programs do, and how its
// pages look.
func mootOf() []string {
	return strings.Fields(`auth_secret auth_secret_file cookie_name allow_html_output max_output_length manage_acl play_sound
		http_backend umask bindAddress endpoint modules refresh_period embeded_graph additional_plugins_dir share_dir photo_dir photos_dir
		config_dir company_logo gravatar tag_as_image default_downtime_hours shinken_downtime_fixed shinken_downtime_trigger
		shinken_downtime_duration default_ack_sticky default_ack_notify default_ack_persistent htpasswd_file alignak_backend_endpoint
		alignak_backend_objects timezone hosts_states_warning hosts_states_critical services_states_warning services_states_critical
		about_version about_copyright about_release debug http_proxy template lang`)
}

// through has what comes by a door be judged so.
func through(anonymous sign.Role, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, sign.Through(r, anonymous)) })
}

// locally is what the broker's process serves: also where it listens on other addresses than loopback, those who come from elsewhere
// sign in.
func (m *Module) locally(next http.Handler) http.Handler {
	near, far := through(m.doors.local, next), through(m.doors.own, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if at, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok && !at.IP.IsLoopback() {
			far.ServeHTTP(w, r)
			return
		}
		near.ServeHTTP(w, r)
	})
}

// owned is what the module's own port serves: to allowed hosts, and under its names.
func (m *Module) owned(next http.Handler, log *slog.Logger) http.Handler {
	next = through(m.doors.own, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !m.allowed(r) {
			log.Debug("refused: not among allowed_hosts", "from", r.RemoteAddr)
			http.Error(w, "this machine is not among the allowed_hosts", http.StatusForbidden)
			return
		}
		if !m.doors.named(r.Host) {
			http.Error(w, "these pages are not here under that name: names says which there are", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (m *Module) allowed(r *http.Request) bool {
	if m.port.Allow == nil {
		return true
	}
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && m.port.Allow(at.Addr().Unmap())
}

// named says whether the pages are asked for by a name of theirs. A page in somebody's browser can make any name of its own lead here,
// and then read what he may see (DNS rebinding): the name in its requests gives it away.
func (d *doors) named(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(host, ".")
	for _, name := range d.names {
		if strings.EqualFold(name, host) {
			return true
		}
	}
	return len(d.names) == 0
}

// foreign refuses what a page of somebody else has a browser send, or what comes through a proxy that hides where.
func foreign(w http.ResponseWriter, _ *http.Request) {
	refuse(w, failure(http.StatusForbidden, "this did not come from a page of this server; behind a proxy, have it pass on the Host header, or name it in the setting origins (docs/pages.md)"))
}
