package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/serve"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/export/web/sign"
)

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

// doubt tells of what is allowed and hardly meant so.
func (m *Module) doubt(s *modules.Settings) {
	if p := m.proxy; p.Header != "" && p.Role == sign.Nobody && m.doors.open {
		s.Doubt("proxy_role", "whom the users file does not name may look all the same, since everybody may: leave anonymous out")
	}
	if !m.tcp {
		return
	}
	if p := m.proxy; p.Header != "" && len(m.doors.names) == 0 && (p.Trusts(netip.IPv6Loopback()) || p.Trusts(netip.AddrFrom4([4]byte{127, 0, 0, 1}))) {
		s.Doubt("names", "a page of another site in a browser on this machine could be anybody (DNS rebinding): write under which names the pages are asked for")
	}
	if m.doors.open && len(m.doors.names) == 0 && m.cert == "" {
		s.Doubt("anonymous", "everybody may look, but only who asks for an address or a name of this machine: write under which names the pages are asked for in names (DNS rebinding)")
	}
	if m.doors.open && m.port.Public() {
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

// foreign refuses what a page of somebody else has a browser send, or what comes through a proxy that hides where.
func foreign(w http.ResponseWriter, _ *http.Request) {
	refuse(w, failure(http.StatusForbidden, "this did not come from a page of this server; behind a proxy, have it pass on the Host header, or name it in the setting origins (docs/pages-setup.md)"))
}
