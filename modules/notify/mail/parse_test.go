package mail_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/onbu/onbu/modules"
	notify "github.com/onbu/onbu/modules/notify/mail"
)

func TestParseSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"notify_mail", ""},
		{"/usr/lib/nagios/plugins/notify_mail --server smtp://mail:2525 --to a@b,c@d", ""},
		{"notify_mail --server smtps://mail --user u --password-file /p --ca /c --tls required --from x@y --subject hi", ""},
		{"notify_mail --server=smtp://[::1]:25 -tls=none", ""},
		{"notify_mail --server http://mail", `--server "http://mail": write smtp://HOST[:PORT]`},
		{"notify_mail --server mail:25", "write smtp://HOST[:PORT]"},
		{"notify_mail --server smtp://", "write smtp://HOST[:PORT]"},
		{"notify_mail --server smtp://mail:0", `"0" is no port`},
		{"notify_mail --server smtp://mail:65536", `"65536" is no port`},
		{"notify_mail --server smtp://mail:smtp", "--server"},
		{"notify_mail --server smtp://u:geheim@mail", "user and password have options of their own"},
		{"notify_mail --server smtp://mail/path", "only a host and a port"},
		{"notify_mail --server smtp://mail?x=1", "only a host and a port"},
		{"notify_mail --to nobody", `--to "nobody"`},
		{"notify_mail --from nobody", `--from "nobody"`},
		{"notify_mail --user u", "--user and --password-file belong together"},
		{"notify_mail --password-file /p", "--user and --password-file belong together"},
		{"notify_mail --tls maybe", `--tls "maybe": write required, optional or none`},
		{"notify_mail --server smtps://mail --tls none", "smtps:// has TLS from the start"},
		{"notify_mail --cc a@b", "flag provided but not defined: -cc; it takes\n  --to"},
		{"notify_mail a@b", `"a@b" is no option`},
		{"notify_mail --to", "flag needs an argument"},
		{"notify_mail --help", "it takes\n  --to"},
	} {
		s, err := notify.New().Parse(strings.Fields(c.line))
		switch {
		case c.want == "" && (err != nil || s == nil):
			t.Errorf("%s: %v", c.line, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q", c.line, err, c.want)
		case c.want != "" && strings.Contains(err.Error(), "geheim"):
			t.Errorf("%s: %v tells a password", c.line, err)
		}
	}
	for _, argv := range [][]string{nil, {"mail"}, {"/usr/bin/mail", "-s", "x"}} {
		if _, err := notify.New().Parse(argv); !errors.Is(err, modules.ErrNotMine) {
			t.Errorf("%q: %v, want %v", argv, err, modules.ErrNotMine)
		}
	}
}

func TestTheTargetIsTheServer(t *testing.T) {
	for line, want := range map[string]string{
		"notify_mail": "mail server localhost",
		"notify_mail --server smtps://mail.example.org:4465 --to a@b": "mail server mail.example.org:4465",
	} {
		s, err := notify.New().Parse(strings.Fields(line))
		if err != nil || s.Target() != want {
			t.Errorf("%s: target %v, %v; want %q", line, s, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("--server\x00smtp://[::1]:25\x00--to\x00A <a@b>, \"c d\"@e\x00--from\x00x@y\x00--tls\x00none\x00--subject\x00s")
	f.Add("--server\x00smtps://%41:0\x00--user\x00u\x00--password-file\x00p\x00--ca\x00c")
	f.Fuzz(func(t *testing.T, args string) {
		s, err := notify.New().Parse(append([]string{"notify_mail"}, strings.Split(args, "\x00")...))
		if err != nil {
			return
		}
		if strings.ContainsAny(s.Target(), "\r\n") {
			t.Errorf("target %q", s.Target())
		}
	})
}
