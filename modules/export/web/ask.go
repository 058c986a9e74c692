package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"sync"
)

// mostAnswered bounds what is taken of one answer of the broker's API.
const mostAnswered = 64 << 20

// ask has the API of the broker's process answer a GET, and reads the JSON that it gives.
func (m *Module) ask(ctx context.Context, path string, into any) error {
	a := &apiAnswer{most: mostAnswered}
	if err := m.request(ctx, path, a); err != nil {
		return err
	}
	if err := a.read(into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// request has the API write an answer to a GET. A bug in the API is an error of this request, as it is for who asks over the network: it
// may be asked on goroutines where nobody else would keep it from being the daemon's end.
func (m *Module) request(ctx context.Context, path string, w http.ResponseWriter) (err error) {
	if m.outlook.API == nil {
		return failure(http.StatusServiceUnavailable, "the broker has no API")
	}
	defer func() {
		if why := recover(); why != nil {
			m.log.Error("the API met a bug when pages asked it, please report it", "path", path, "panic", why, "stack", string(debug.Stack()))
			err = failure(http.StatusInternalServerError, "the API met a bug: the broker's log has it")
		}
	}()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, path, nil)
	if err == nil {
		m.outlook.API.ServeHTTP(w, r)
	}
	return err
}

// apiAnswer is an answer that nobody sends anywhere.
type apiAnswer struct {
	head http.Header
	code int
	body bytes.Buffer
	most int
	over bool
}

// Header implements http.ResponseWriter.
func (a *apiAnswer) Header() http.Header {
	if a.head == nil {
		a.head = http.Header{}
	}
	return a.head
}

// WriteHeader implements http.ResponseWriter.
func (a *apiAnswer) WriteHeader(code int) { a.code = code }

// errTooMuch ends an answer that is too long.
var errTooMuch = errors.New("the answer is too long")

// Write implements io.Writer.
func (a *apiAnswer) Write(p []byte) (int, error) {
	if a.over = a.over || a.body.Len()+len(p) > a.most; a.over {
		return 0, errTooMuch
	}
	return a.body.Write(p)
}

// wrong says what is wrong with an answer, in its own words if it has some; nil if nothing is.
func (a *apiAnswer) wrong() error {
	if a.over {
		return failure(http.StatusInsufficientStorage, "the answer has more than %d bytes", a.most)
	}
	if a.code < http.StatusBadRequest {
		return nil
	}
	var said struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(a.body.Bytes(), &said) != nil || said.Error == "" {
		said.Error = http.StatusText(a.code)
	}
	return failure(a.code, "%s", said.Error)
}

// read takes the JSON of an answer apart.
func (a *apiAnswer) read(into any) error {
	if err := a.wrong(); err != nil {
		return err
	}
	if err := json.Unmarshal(a.body.Bytes(), into); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	return nil
}

// lineByLine is an answer whose lines are handed on as they come; each must be shorter than most.
type lineByLine struct {
	apiAnswer
	each func(line []byte)
}

// Write implements io.Writer.
func (l *lineByLine) Write(p []byte) (int, error) {
	n, err := l.apiAnswer.Write(p)
	for err == nil && l.code < http.StatusBadRequest {
		end := bytes.IndexByte(l.body.Bytes(), '\n')
		if end < 0 {
			break
		}
		l.each(l.body.Next(end + 1))
	}
	return n, err
}

// Flush implements http.Flusher.
func (l *lineByLine) Flush() {}

// together does several things at once, and gives what went wrong, by name.
func together(all map[string]func() error) map[string]error {
	var mu sync.Mutex
	wrong := map[string]error{}
	var wg sync.WaitGroup
	for name, do := range all {
		wg.Go(func() {
			if err := do(); err != nil {
				mu.Lock()
				defer mu.Unlock()
				wrong[name] = err
			}
		})
	}
	wg.Wait()
	return wrong
}
