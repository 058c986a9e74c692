package collectd

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/serve"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/listen/collectd/packet"
)

// defaultGroup is the group to which collectd sends where nothing else is set up.
const defaultGroup = "239.192.74.66"

// settings are what a definition says.
type settings struct {
	address            string
	multicast          bool
	device             string     // for multicast; empty for the machine's choice
	nets               serve.Nets // nil for all
	decoder            packet.Decoder
	users              users
	senders            senders
	naming             naming
	notifications      bool
	maxAge             time.Duration
	most, mostOfSource int // series
}

func read(s *modules.Settings) settings {
	set := settings{multicast: s.Bool("multicast", false), device: s.Text("interface", "")}
	host := s.Text("host", "127.0.0.1")
	switch {
	case set.multicast && !s.Has("host"):
		host = defaultGroup
	case host == "*":
		host = ""
	}
	if ip := net.ParseIP(host); set.multicast && (ip == nil || !ip.IsMulticast()) {
		s.Wrong("host", "%q is no multicast address: write one such as %s, or take multicast away", host, defaultGroup)
	}
	set.address = net.JoinHostPort(host, strconv.Itoa(s.Int("port", 25826, 1, 65535)))
	s.Listens("udp", set.address)
	if !s.Has("host") && !s.Has("multicast") {
		s.Doubt("host", "it is not written: Shinken's module takes part in the group %s then, and this one listens on 127.0.0.1 only; "+
			"write the one that is meant, such as multicast 1 or host 0.0.0.0", defaultGroup)
	}
	if s.Has("allowed_hosts") {
		var err error
		if set.nets, err = serve.Networks(s.Words("allowed_hosts")); err != nil {
			s.Wrong("allowed_hosts", "%v", err)
		}
	}
	set.decoder = security(s, &set.users)
	if o := (serve.Options{Address: set.address}); set.decoder.Level == packet.None && set.nets == nil && o.Public() {
		s.Doubt("security_level", "everybody who reaches %s can send results for every host, in any host's name; write sign and an auth_file", set.address)
	}
	set.senders = readSenders(s, set.decoder.Passwords, set.users.path != "" && set.decoder.Passwords == nil)
	set.naming = readNaming(s)
	set.notifications = s.Bool("notifications", true)
	set.maxAge = s.Duration("max_age", time.Hour, time.Minute, 30*24*time.Hour)
	set.most = s.Int("max_series", 200_000, 1, 1<<24)
	set.mostOfSource = s.Int("max_series_per_source", 20_000, 1, 1<<24)
	return set
}

// security reads who may send, and how.
func security(s *modules.Settings, u *users) packet.Decoder {
	levels := map[string]packet.Level{"none": packet.None, "sign": packet.Sign, "encrypt": packet.Encrypt}
	d := packet.Decoder{Level: levels[s.Choice("security_level", "none", "none", "sign", "encrypt")]}
	path := s.Path("auth_file", "")
	if path == "" {
		if d.Level != packet.None {
			s.Wrong("security_level", "it needs an auth_file with lines USER: PASSWORD")
		}
		return d
	}
	u.path = path
	if passwords, err := u.read(); err != nil {
		unreadable(s, "auth_file", err)
	} else {
		d.Passwords = passwords
	}
	return d
}

// unreadable tells a file that is not to be had on this machine from one that has mistakes.
func unreadable(s *modules.Settings, name string, err error) {
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		s.Unready(name, err)
		return
	}
	s.Wrong(name, "%v", err)
}

// readNaming reads how metrics find their service.
func readNaming(s *modules.Settings) naming {
	n := naming{
		grouped: map[string]bool{}, byName: s.Choice("value_names", "index", "index", "types.db") == "types.db",
		dropDomain: s.Bool("drop_domain", false),
	}
	for _, plugin := range s.Words("grouped_collectd_plugins") {
		n.grouped[plugin] = true
	}
	var err error
	if n.types, err = readTypes(s.Path("types_db", "")); err != nil {
		unreadable(s, "types_db", err)
	}
	for _, line := range s.All("map") {
		rule, err := readRule(line.Value)
		if err != nil {
			s.WrongAt(line, "%v", err)
			continue
		}
		n.rules = append(n.rules, rule)
	}
	return n
}

func readRule(text string) (rule, error) {
	pattern, service, _ := strings.Cut(strings.TrimSpace(text), " ")
	if service = strings.TrimSpace(service); service == "" {
		return rule{}, errors.New("write a regular expression for PLUGIN-INSTANCE/TYPE-INSTANCE and the name of a service, or - for none: interface-(eth.*)/.* Traffic $1")
	}
	re, err := regexp.Compile("^(?:" + pattern + ")$")
	if err != nil {
		return rule{}, fmt.Errorf("the regular expression %q: %w", pattern, err)
	}
	return rule{re, service}, nil
}
