// Config copy: what a client keeps of the configuration that it was given.

package sdk

import "reflect"

// copied returns a Config that shares no memory with c that c's owner may
// change. Interfaces, functions, the logger and the DPoP key are shared: they
// are immutable, or safe for concurrent use by their contracts.
func (c *Config) copied() Config {
	out := *c
	out.Paths = deepCopy(c.Paths)
	out.Credentials = deepCopy(c.Credentials)
	out.ClientMetadata = deepCopy(c.ClientMetadata)
	out.ClientKey = shallowCopy(c.ClientKey)
	out.Metadata = deepCopy(c.Metadata)
	out.IssuerAliases = deepCopy(c.IssuerAliases)
	out.AuthorizationParams = deepCopy(c.AuthorizationParams)
	out.TokenParams = deepCopy(c.TokenParams)
	out.HTTPClient = shallowCopy(c.HTTPClient)
	out.AllowInsecureHTTP = deepCopy(c.AllowInsecureHTTP)
	out.AllowNetworks = deepCopy(c.AllowNetworks)
	out.PKCEUnadvertised = deepCopy(c.PKCEUnadvertised)
	out.Trace = shallowCopy(c.Trace)
	if g, ok := c.Grant.(EnterpriseManaged); ok {
		g.Params, g.Auth.Key = deepCopy(g.Params), shallowCopy(g.Auth.Key)
		out.Grant = g
	}
	return out
}

// shallowCopy returns a copy of what p points to, nil for nil.
func shallowCopy[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// deepCopy copies v with all that its exported fields lead to through pointers,
// slices and maps: the documents of package gen grow members with their schemas,
// and none may be forgotten here.
func deepCopy[T any](v T) T {
	own := reflect.ValueOf(&v).Elem()
	own.Set(copyValue(own))
	return v
}

func copyValue(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			out.Set(reflect.New(v.Type().Elem()))
			out.Elem().Set(copyValue(v.Elem()))
		}
	case reflect.Slice:
		if !v.IsNil() {
			out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		}
		for i := range v.Len() {
			out.Index(i).Set(copyValue(v.Index(i)))
		}
	case reflect.Map:
		if !v.IsNil() {
			out.Set(reflect.MakeMapWithSize(v.Type(), v.Len()))
		}
		for _, key := range v.MapKeys() {
			out.SetMapIndex(key, copyValue(v.MapIndex(key)))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if field := out.Field(i); field.CanSet() {
				field.Set(copyValue(v.Field(i)))
			}
		}
	}
	return out
}
