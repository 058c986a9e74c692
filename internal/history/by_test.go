package history_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/onbu/onbu/internal/history"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/logline"
)

func TestAFileOfAnOlderReleaseLearnsWhoGaveACommandAndWhatHeWasTold(t *testing.T) {
	o := options(t)
	if err := os.MkdirAll(filepath.Dir(o.Path), 0o750); err != nil {
		t.Fatal(err)
	}
	o.Path = filepath.Join(filepath.Dir(o.Path), "old.db")
	old, err := sql.Open("sqlite", o.Path)
	if err != nil {
		t.Fatal(err)
	}
	const was = `CREATE TABLE log (time INTEGER NOT NULL, hash INTEGER NOT NULL, class INTEGER NOT NULL, host TEXT NOT NULL, service TEXT NOT NULL,
		message TEXT NOT NULL, output TEXT, comment TEXT, PRIMARY KEY (time, hash)) WITHOUT ROWID; PRAGMA user_version = 1;
		INSERT INTO log VALUES (1800000000000000000, 1, 5, 'web', '', 'EXTERNAL COMMAND: DISABLE_HOST_CHECK;web', NULL, NULL)`
	if _, err := old.ExecContext(t.Context(), was); err != nil {
		t.Fatal(err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	s := history.New(o)
	defer s.Close()
	b := alert(10, "EXTERNAL COMMAND: ENABLE_HOST_CHECK;web")
	b.Kind, b.By, b.Answer = monitor.BrokCommand, "web anna", monitor.AnswerDone
	add(t, s, []monitor.Brok{b})
	var by []string
	err = s.Read(t.Context(), history.Query{Host: "web"}, func(l *logline.Line) bool {
		by = append(by, l.By+"/"+l.Person()+"/"+l.Answer)
		return true
	})
	if err != nil || len(by) != 2 || by[0] != "//" || by[1] != "web anna/anna/done" {
		t.Errorf("got %q, %v", by, err)
	}
}
