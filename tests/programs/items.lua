-- wrk: every request has an id of its own.
local id = 0

request = function()
  id = id + 1
  return wrk.format("GET", "/items/" .. id)
end
