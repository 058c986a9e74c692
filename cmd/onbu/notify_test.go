package main_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/internal/realpeer/exim"
)

// evil is an output that would like to be options of the command line that it is put into.
const evil = `it "burns' --to mallory@example.org $(id) --server smtp://192.0.2.1`

// hooks is a receiver of webhooks that is in trouble until it is mended.
type hooks struct {
	*httptest.Server
	mu     sync.Mutex
	broken bool
	types  []string
}

func newHooks(t *testing.T) *hooks {
	h := &hooks{broken: true}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var post struct{ ID, Type, Host, Service, Problem string }
		err := json.NewDecoder(r.Body).Decode(&post)
		h.mu.Lock()
		defer h.mu.Unlock()
		switch {
		case err != nil || post.ID != r.Header.Get("Idempotency-Key"):
			http.Error(w, fmt.Sprint(err, " in ", post), http.StatusBadRequest)
		case h.broken:
			http.Error(w, "not yet", http.StatusServiceUnavailable)
		default:
			h.types = append(h.types, post.Type+" "+post.Host+"/"+post.Service)
		}
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *hooks) mend() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.broken = false
}

func (h *hooks) told() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Sorted(slices.Values(h.types))
}

// A contact with notify_mail and notify_webhook, whose servers are down when the problem begins: nothing is lost, and the
// mails make one thread. What another contact cannot be told for good is said by explain.
func TestPeopleAreToldByMailAndWebhook(t *testing.T) {
	t.Parallel()
	options := exim.Options{Port: realpeer.Port(t), TLSPort: realpeer.Port(t)}
	h := newHooks(t)
	c := newConfig(t)
	server := fmt.Sprintf("notify_mail --server smtp://127.0.0.1:%d --from onbu@example.org", options.Port)
	c.Command("by-mail", server+" --subject $SERVICEOUTPUT$")
	c.Command("by-wrong-mail", server+" --to nobody@example.org")
	c.Command("by-hook", "notify_webhook --url "+h.URL+"/t0ken")
	tell := func(name string, commands string) {
		c.Define("contact", "contact_name "+name, "email "+name+"@example.org", "host_notification_period always", "service_notification_period always",
			"host_notification_options d,r", "service_notification_options c,r", "host_notification_commands "+commands, "service_notification_commands "+commands)
	}
	tell("eve", "by-mail,by-hook")
	tell("bob", "by-wrong-mail")
	c.Command("by-no-mail", "notify_mail --carrier pigeon")
	tell("carl", "by-no-mail")
	c.Command("fine", "/usr/lib/nagios/plugins/check_dummy 0 fine")
	c.host("db1")
	c.service("db1", "mysql", "fine", "active_checks_enabled 0", "max_check_attempts 1", "contacts eve,bob")
	o := serve(t, t.TempDir(), "run", c.write(), "--command-file", "-")
	o.says(`does not work until it is mended: `)
	o.says(`contact "carl" cannot be told by command "by-no-mail"`)

	o.obey("PROCESS_SERVICE_CHECK_RESULT;db1;mysql;2;%s", evil)
	o.says("a notification is put off")
	o.obey("ACKNOWLEDGE_SVC_PROBLEM;db1;mysql;1;1;0;bob;größere Sache")
	o.obey("PROCESS_SERVICE_CHECK_RESULT;db1;mysql;0;mended")
	s := exim.Start(t, options)
	h.mend()

	var types, threads, subjects []string
	for _, m := range s.Mails(t, "eve", 3) {
		types, threads = append(types, m.Get("X-Onbu-Type")), append(threads, m.Get("In-Reply-To"))
		subjects = append(subjects, m.Get("Subject"))
	}
	if slices.Sort(subjects); !slices.Equal(subjects, []string{evil, evil, "mended"}) || strings.Contains(s.Log(), "mallory@") {
		t.Errorf("subjects %q, log\n%s", subjects, s.Log())
	}
	slices.Sort(types)
	if diff := cmp.Diff([]string{"ACKNOWLEDGEMENT", "PROBLEM", "RECOVERY"}, types); diff != "" {
		t.Errorf("mails (-want +got):\n%s", diff)
	}
	if one := slices.Compact(threads); len(one) != 1 || !strings.HasPrefix(one[0], "<problem.") {
		t.Errorf("threads %q, want one", threads)
	}
	o.eventually("three posts came", func() error {
		if diff := cmp.Diff([]string{"ACKNOWLEDGEMENT db1/mysql", "PROBLEM db1/mysql", "RECOVERY db1/mysql"}, h.told()); diff != "" {
			return errors.New(diff)
		}
		return nil
	})
	o.obey("PROCESS_SERVICE_CHECK_RESULT;db1;mysql;2;it burns again")
	o.eventually("explain says what went wrong", func() error {
		out, _ := call(t, "explain", "--http", o.Addr, "db1/mysql")
		if !strings.Contains(out, "no such mailbox") {
			return errors.New(out)
		}
		return nil
	})
	if strings.Contains(o.Output(), "t0ken") {
		t.Errorf("the log has a token:\n%s", o.Output())
	}
}
