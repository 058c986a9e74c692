package nsca

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/serve"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/listen/nsca/packet"
	"github.com/onbu/onbu/monitor"
)

const (
	defaultPort = 5667
	defaultAge  = 30
	mostAge     = 900 // as in NSCA
)

// settings is what a definition says.
type settings struct {
	port serve.Options
	ages packet.Ages
	// begin is how long a connection has for its first packet, idle how long for each further one.
	begin, idle time.Duration
	general     *source // nil if only those of sources may send
	sources     []source
}

// source says how those of some addresses send.
type source struct {
	nets  serve.Nets
	key   *packet.Key
	hosts modules.Globs
}

func read(s *modules.Settings) settings {
	c := settings{port: serve.Read(s, defaultPort)}
	if s.Has("server_address") || s.Has("server_port") { // as nsca.cfg has them
		host, port, _ := net.SplitHostPort(c.port.Address)
		number, _ := strconv.Atoi(port)
		c.port.Address = net.JoinHostPort(s.Text("server_address", host), strconv.Itoa(s.Int("server_port", number, 1, 65535)))
	}
	s.Listens(c.port.Network, c.port.Address)
	c.begin = s.Duration("timeout", time.Minute, time.Second, time.Hour)
	c.idle = s.Duration("idle_timeout", 10*time.Minute, time.Second, 7*24*time.Hour)
	c.ages = ages(s)
	for _, line := range s.All("source") {
		one, err := readSource(line)
		if err != nil {
			s.WrongAt(line, "%v", err)
			continue
		}
		c.sources = append(c.sources, one)
	}
	c.general = general(s, len(c.sources) > 0)
	c.doubt(s)
	allowed := c.port.Allow
	c.port.Allow = func(a netip.Addr) bool { return (allowed == nil || allowed(a)) && c.of(a) != nil }
	strict(s)
	s.Moot("buffer_length", "payload_length", "backlog", "debug", "pid_file", "log_facility", "nsca_user", "nsca_group", "nsca_chroot",
		"command_file", "alternate_dump_file", "aggregate_writes", "append_to_file", "check_result_path")
	return c
}

// doubt warns of methods that keep nobody from sending. Source lines say who may, so only what holds for everybody matters.
func (c *settings) doubt(s *modules.Settings) {
	if c.general == nil || c.general.key == nil || !c.port.Public() {
		return
	}
	if m := c.general.key.Method(); m <= packet.XOR {
		s.Doubt("encryption_method", "with %s everybody who reaches %s can send results for every host; write allowed_hosts, or 14 (rijndael-128) and a password on both sides", m, c.port.Address)
	}
}

func ages(s *modules.Settings) packet.Ages {
	age := int64(s.Int("max_packet_age", defaultAge, 0, mostAge))
	a := packet.Ages{Before: age, After: age}
	if age == 0 {
		a.Before, a.After = -1, -1
	}
	if !s.Bool("check_future_packet", true) {
		a.After = -1
	}
	return a
}

// strict refuses what would be taken for a protection that is not there.
func strict(s *modules.Settings) {
	if s.Bool("strict_mode_spoofing", false) {
		s.Wrong("strict_mode_spoofing", "names of hosts are not looked up here: write a source line with hosts= for each sender instead")
	}
}

// general reads the method and the password for everybody without a source line of his own.
func general(s *modules.Settings, others bool) *source {
	name := "encryption_method"
	if !s.Has(name) && s.Has("decryption_method") {
		name = "decryption_method"
	}
	password := s.Text("password", "")
	if !s.Has(name) {
		if !others {
			s.Wrong(name, "it is missing: write the number that the senders have in send_nsca.cfg; where that names none it is 1 (XOR), as in Debian, "+
				"with which anybody who hears a packet can forge others, and 14 (rijndael-128) on both sides is better")
		}
		return nil
	}
	k, err := key(s.Text(name, ""), password)
	if err != nil {
		s.Wrong(name, "%v", err)
	}
	return &source{key: k}
}

// readSource reads a line such as: 10.1.0.0/16 encryption_method=14 hosts=web*,db* password=all the rest.
func readSource(line monitor.Setting) (one source, err error) {
	text, password, _ := strings.Cut(line.Value, "password=")
	words := strings.Fields(text)
	if len(words) == 0 {
		return one, fmt.Errorf("write an address or a network, encryption_method=, and password= at the end")
	}
	if one.nets, err = serve.Networks(strings.Split(words[0], ",")); err != nil {
		return one, err
	}
	method := ""
	for i, w := range words[1:] {
		name, value, _ := strings.Cut(w, "=")
		switch name {
		case "encryption_method", "decryption_method":
			method = value
		case "hosts":
			one.hosts = strings.FieldsFunc(value, func(r rune) bool { return r == ',' })
			if len(one.hosts) == 0 {
				return one, fmt.Errorf("hosts= names no host: write patterns behind it, or leave it out for all")
			}
		default: // it may be a password: it is not quoted
			return one, fmt.Errorf("word %d behind the addresses is not known: write encryption_method=, hosts= and, at the end, password=", i+1)
		}
	}
	if strings.Contains(password, " hosts=") || strings.Contains(password, "cryption_method=") {
		return one, fmt.Errorf("password= must be the last: all that follows it is the password")
	}
	one.key, err = key(method, password)
	return one, err
}

func key(method, password string) (*packet.Key, error) {
	m, err := packet.ParseMethod(method)
	if err != nil {
		return nil, err
	}
	if password == "" && m > packet.XOR {
		return nil, fmt.Errorf("method %s needs a password: it is all that keeps others from sending", m)
	}
	return packet.NewKey(m, password)
}

// of gives what counts for an address: the source line that says it most narrowly; nil if it may not send.
func (c *settings) of(a netip.Addr) *source {
	best, bits := c.general, -1
	for i := range c.sources {
		for _, p := range c.sources[i].nets {
			if p.Contains(a) && p.Bits() > bits {
				best, bits = &c.sources[i], p.Bits()
			}
		}
	}
	return best
}

// speaksFor says whether one of them may send results of a host.
func (s *source) speaksFor(sink modules.Sink, host string) bool {
	return len(s.hosts) == 0 || s.hosts.Fit(modules.NameOf(sink, host))
}
