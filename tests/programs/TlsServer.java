// A server on the JDK's own TLS: `TlsServer.java ADDRESS PORT`, with CERTIFICATE and KEY (PEM, an
// elliptic curve) in the environment. Its TLS is compiled as it runs, so nobody can read it.
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.ByteArrayInputStream;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.concurrent.Executors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

class TlsServer {
  static final int[] STATUS = {200, 200, 200, 200, 201, 201, 201, 404, 404, 404};

  public static void main(String[] arguments) throws Exception {
    var address = new InetSocketAddress(arguments[0], Integer.parseInt(arguments[1]));
    var server = HttpsServer.create(address, 4096);
    server.setHttpsConfigurator(new HttpsConfigurator(context()));
    server.setExecutor(Executors.newFixedThreadPool(8));
    server.createContext("/items/", exchange -> {
      exchange.getRequestBody().readAllBytes();
      var path = exchange.getRequestURI().getPath();
      var item = path.substring(path.lastIndexOf('/') + 1);
      exchange.sendResponseHeaders(STATUS[item.charAt(item.length() - 1) - '0'], item.length());
      exchange.getResponseBody().write(item.getBytes());
      exchange.close();
    });
    server.start();
  }

  static SSLContext context() throws Exception {
    var certificate = CertificateFactory.getInstance("X.509")
        .generateCertificate(new ByteArrayInputStream(read("CERTIFICATE").getBytes()));
    var encoded = read("KEY").replaceAll("-----[A-Z ]+-----|\\s", "");
    var key = KeyFactory.getInstance("EC")
        .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(encoded)));
    var store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry("server", key, new char[0], new Certificate[] {certificate});
    var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, new char[0]);
    var context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    return context;
  }

  static String read(String variable) throws Exception {
    return Files.readString(Path.of(System.getenv(variable)));
  }
}
