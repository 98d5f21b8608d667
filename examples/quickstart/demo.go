// Demo: the four steps, and what the servers must have counted after each.

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/mcpoauth/mcpoauth/sdk"
)

// tokenLife is how long the first token lives: long enough for a call, short
// enough to wait for its end.
const tokenLife = 2 * time.Second

// demo is a walk through the life of a session.
type demo struct {
	*world
	screen   *screen
	narrator *narrator
	folder   string // where the state is
	session  *session
}

type step struct {
	name  string // in the summary
	title string
	do    func(*demo, context.Context) error
	want  tally // what it costs, not a request more
}

var steps = []step{
	{"first call", "The first call: no token, and nothing known", (*demo).firstCall,
		tally{unauthorized: 1, metadata: 2, registrations: 1, prompts: 1, codes: 1, calls: 1}},
	{"expiry", "The token expires: a refresh, and nobody is asked", (*demo).expire,
		tally{refreshes: 1, calls: 1}},
	{"step-up", "A tool that needs more: the human is asked for the missing scope", (*demo).stepUp,
		tally{forbidden: 1, prompts: 1, codes: 1, calls: 1}},
	{"restart", "A restart: the session comes from the store", (*demo).restart,
		tally{calls: 1}},
}

// runDemo walks through the steps and returns what is not as it should be.
func runDemo(ctx context.Context, out *screen, w *world) (err error) {
	folder, err := os.MkdirTemp("", "mcpoauth-quickstart-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	d := &demo{
		world: w, screen: out, folder: folder,
		narrator: &narrator{screen: out, base: w.server.Client().Transport, hosts: w.hosts()},
	}
	defer func() { err = errors.Join(err, d.leave()) }()
	d.introduce()
	return d.walk(ctx)
}

func (d *demo) introduce() {
	d.screen.title("From a 401 to a tool call")
	d.screen.introduce(actorIssuer, d.issuer.URL(), "the authorization server")
	d.screen.introduce(actorServer, d.server.URL(), "the MCP server, made with the official Go SDK")
	d.screen.introduce(actorStore, d.folder, "what survives a restart")
}

func (d *demo) walk(ctx context.Context) error {
	var costs []tally
	for i, step := range steps {
		d.screen.step(i+1, step.title)
		before := d.tally()
		if err := step.do(d, ctx); err != nil {
			return fmt.Errorf("step %d, %s: %w", i+1, step.name, err)
		}
		cost := d.tally().since(before)
		if err := cost.differs(step.want); err != nil {
			return fmt.Errorf("step %d, %s: %w", i+1, step.name, err)
		}
		costs = append(costs, cost)
	}
	d.summarize(costs)
	return d.leave()
}

// firstCall connects without anything: the 401 starts it all.
func (d *demo) firstCall(ctx context.Context) error {
	if err := d.enter(ctx); err != nil {
		return err
	}
	if err := d.expect(ctx, toolList, nil, "1: buy milk"); err != nil {
		return err
	}
	return d.session.state(ctx)
}

// expire waits for the end of the token and calls again.
func (d *demo) expire(ctx context.Context) error {
	token, err := d.session.auth.Token(ctx)
	if err != nil {
		return err
	}
	d.lengthen()
	d.screen.remark(actorSession, "waiting for the end of the token")
	select {
	case <-time.After(time.Until(token.ExpiresAt)):
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := d.expect(ctx, toolList, nil, "1: buy milk"); err != nil {
		return err
	}
	return d.session.state(ctx)
}

// stepUp calls a tool that the token is not good for.
func (d *demo) stepUp(ctx context.Context) error {
	if err := d.expect(ctx, toolAdd, noteInput{Text: "water the plants"}, `added "water the plants"`); err != nil {
		return err
	}
	return d.session.state(ctx)
}

// restart forgets everything that is in memory.
func (d *demo) restart(ctx context.Context) error {
	if err := d.leave(); err != nil {
		return err
	}
	if err := d.enter(ctx); err != nil {
		return err
	}
	if err := d.expect(ctx, toolList, nil, "2: buy milk, water the plants"); err != nil {
		return err
	}
	return d.session.state(ctx)
}

// enter opens a session on the state in the folder.
func (d *demo) enter(ctx context.Context) error {
	store, err := sdk.NewDirectoryStore(d.folder)
	if err != nil {
		return err
	}
	d.session, err = connect(ctx, sdk.Config{
		Resource:   d.server.URL(),
		Authorizer: &sdk.Loopback{Open: d.open},
		Store:      store,
		ClientName: "mcpoauth quickstart",
		Trace:      d.narrator.trace(),
	}, d.narrator)
	return err
}

func (d *demo) leave() error {
	if d.session == nil {
		return nil
	}
	defer func() { d.session = nil }()
	return d.session.close()
}

// open is the browser.
func (d *demo) open(ctx context.Context, authorizationURL string) error {
	d.narrator.visited(authorizationURL)
	return d.browse(ctx, authorizationURL)
}

// expect calls a tool and compares its answer.
func (d *demo) expect(ctx context.Context, tool string, args any, want string) error {
	got, err := d.session.call(ctx, tool, args)
	if err == nil && got != want {
		err = fmt.Errorf("tool %s said %q, not %q", tool, got, want)
	}
	return err
}

// summarize shows what each step cost.
func (d *demo) summarize(costs []tally) {
	d.screen.title("What the servers counted")
	var columns []string
	for _, step := range steps {
		columns = append(columns, step.name)
	}
	d.screen.heads(columns)
	for i, name := range names {
		var row []int
		for _, cost := range costs {
			row = append(row, cost[i])
		}
		d.screen.counts(name, row)
	}
	d.screen.print()
	d.screen.ok("all as it should be")
}
